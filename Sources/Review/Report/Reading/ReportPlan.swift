import Journal

/// As much of a recorded plan as its run's report needs.
struct ReportPlan: Decodable {
  struct Objectives: Decodable {
    let rto: String?
    let rpo: String?
  }

  struct Step: Decodable {
    struct FanOut: Decodable { let step: String }

    let id: String
    let name: String
    let action: String?
    let depends: [String]?
    let arguments: [String: JSON]?
    let fanOut: FanOut?

    enum CodingKeys: String, CodingKey {
      case id, name, action, depends, arguments
      case fanOut = "fan_out"
    }

    /// The text that the plan gives for an argument; nil when it isn't known before the run gets there.
    func argument(_ name: String) -> String? { arguments?[name]?["value"]?.stringValue }
  }

  struct Inventory: Decodable {
    struct Database: Decodable {
      let name: String
      let heartbeatColumn: String?
      let guidColumn: String?

      enum CodingKeys: String, CodingKey {
        case name
        case heartbeatColumn = "heartbeat_column"
        case guidColumn = "guid_column"
      }
    }

    let databases: [Database]?
  }

  let objectives: Objectives?
  let parameters: [String: JSON]?
  let steps: [Step]
  let inventory: Inventory?

  /// The planned steps that an id of the runbook means: of a fan-out, all of its hosts' parts.
  func steps(named id: String) -> [Step] {
    steps.filter { $0.id == id || $0.fanOut?.step == id }
  }
}

extension Duration {
  /// A duration as plans write it: `15m`, `2m30s`. Nil when it is none.
  init?(planText text: String) {
    let shape = #/(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?/#
    guard !text.isEmpty, let match = text.wholeMatch(of: shape) else { return nil }
    let parts = [
      (match.1, 86_400_000), (match.2, 3_600_000), (match.3, 60_000), (match.4, 1000), (match.5, 1),
    ]
    var total = 0
    for (digits, size) in parts {
      guard let digits else { continue }
      guard let count = Int(digits) else { return nil }
      let (product, tooLarge) = count.multipliedReportingOverflow(by: size)
      let (sum, overflow) = total.addingReportingOverflow(product)
      guard !tooLarge, !overflow else { return nil }
      total = sum
    }
    self = .milliseconds(total)
  }

  var wholeMilliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
