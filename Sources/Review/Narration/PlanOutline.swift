import Journal

/// As much of a plan as telling its run needs.
struct PlanOutline: Decodable {
  struct Step: Decodable, Sendable {
    struct FanOut: Decodable, Sendable {
      let step: String
      let group: String
      let maxParallel: Int?

      enum CodingKeys: String, CodingKey {
        case step, group
        case maxParallel = "max_parallel"
      }
    }

    let id: String
    let name: String
    let action: String?
    let target: PlannedTarget?
    /// Ids as the runbook calls them.
    let depends: [String]?
    let fanOut: FanOut?

    /// What the runbook calls it: of a host's part of a fan-out, the id of the whole.
    var runbookID: String { fanOut?.step ?? id }

    enum CodingKeys: String, CodingKey {
      case id, name, action, target, depends
      case fanOut = "fan_out"
    }
  }

  /// What the runbook calls one step: a step, or all hosts of a fan-out.
  struct Part: Sendable {
    let id: String
    let name: String
    /// The planned steps; of a fan-out, one a host.
    let steps: [String]
    let group: String?
  }

  let prechecks: [Step]?
  let steps: [Step]
  let parameters: [String: JSON]?

  /// `from=production to=dr`
  var parametersText: String {
    (parameters ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value.stringValue ?? $0.value.description)" }
      .joined(separator: " ")
  }

  /// The steps in order, those of one fan-out as one part.
  static func parts(of steps: [Step]) -> [Part] {
    var parts: [[Step]] = []
    for step in steps {
      if let id = step.fanOut?.step, parts.last?.first?.fanOut?.step == id {
        parts[parts.count - 1].append(step)
      } else {
        parts.append([step])
      }
    }
    return parts.map { steps in
      let names = Set(steps.map(\.name))
      let id = steps[0].fanOut?.step ?? steps[0].id
      // Hosts' parts may have names of their own, by `${host.name}`.
      return Part(
        id: id, name: names.count == 1 ? steps[0].name : id, steps: steps.map(\.id),
        group: steps[0].fanOut?.group)
    }
  }
}
