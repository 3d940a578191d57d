/// `lab.json`: marks a directory as a lab, and keeps how it was made.
struct LabSettings: Codable, Equatable, Sendable {
  var version = 1
  let isPair: Bool
  let jobInterval: Interval
  let shipInterval: Interval
  let heartbeatInterval: Interval
  /// Of the services of the site that stands by.
  let standbyStartType: StartType
  let addresses: LabAddresses
  /// Whether `up` made the directory itself, so that `down` may remove it.
  let madeDirectory: Bool
  let createdAt: Timestamp
}

/// The loopback addresses that stand for the hosts' names. Drawn at random from 127.0.0.0/8, so
/// that labs on one machine do not meet.
struct LabAddresses: Codable, Equatable, Sendable {
  let network: String

  static let port: UInt16 = 4773

  static func draw() throws -> LabAddresses {
    for _ in 0..<100 {
      let network = "127.\(Int.random(in: 1...254)).\(Int.random(in: 0...254))"
      let addresses = LabAddresses(network: network)
      if addresses.isFree { return addresses }
    }
    throw LabError(.failed, "127.0.0.0/8: found no network whose port \(port) is free")
  }

  func address(number: Int) -> String { "\(network).\(number)" }

  private var isFree: Bool {
    (1...3).allSatisfy {
      (try? BeatListener.isFree(address: address(number: $0), port: Self.port)) == true
    }
  }
}
