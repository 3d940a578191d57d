import ArgumentParser
import Foundation
import Glibc

/// `lab-scheduler router DIR`: the network between the machines. It lives in a network namespace
/// of its own, which joins the bridges of the sites, and it is the line that delays packets.
struct RouterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "router", abstract: "Be the network of a lab.", shouldDisplay: false)

  @Argument(help: "The lab's directory.") var directory: String

  func run() throws {
    try Router(lab: try MachineLab(existing: directory)).run()
  }
}

struct Router {
  let lab: MachineLab

  static func start(_ lab: MachineLab) throws {
    _ = try ProcessSpawner.spawn(
      [
        "/usr/bin/unshare", "--net", "--", try ProcessSpawner.ownExecutable(), "router", lab.root,
      ], streams: .init(log: lab.routerLogFile))
    try Wait.until("the lab's router; \(lab.routerLogFile) tells of it", within: 10_000) {
      try process(of: lab) != nil
    }
  }

  /// The running router of a lab.
  static func process(of lab: MachineLab) throws -> ProcessIdentity? {
    guard File.exists(lab.routerIdentityFile) else { return nil }
    let recorded = try JSON.read(ProcessIdentity.self, file: lab.routerIdentityFile)
    return recorded.condition == .gone ? nil : recorded
  }

  private static func requireProcess(of lab: MachineLab) throws -> ProcessIdentity {
    guard let process = try process(of: lab) else {
      throw LabError(
        .unreachable, "\(lab.root): its network is gone; `lab down` and `lab up` make a new lab")
    }
    return process
  }

  /// Runs a program in the router's network.
  @discardableResult
  static func run(_ program: [String], input: String = "", of lab: MachineLab) throws -> String {
    let process = try requireProcess(of: lab)
    return try Tool.run(
      ["/usr/bin/nsenter", "--target", "\(process.pid)", "--net"] + program, input: input)
  }

  /// Brings `faults` into force.
  static func apply(_ faults: LabFaults, of lab: MachineLab) throws {
    try faults.write(lab)
    // The delay line first: it lets pass what it knows nothing of.
    try requireProcess(of: lab).send(SIGHUP)
    try run(["nft", "-f", "-"], input: try PacketFilter(faults: faults, lab: lab).text(), of: lab)
    let cables = lab.machines.map {
      "link set \($0.port) \(faults.linksDown.contains($0.name) ? "down" : "up")"
    }
    try run(["ip", "-batch", "-"], input: cables.joined(separator: "\n") + "\n", of: lab)
  }

  func run() throws {
    let signals = try SignalPipe([SIGHUP])
    setsid()
    let device = try DelayLine.openDevice()
    try Tool.run(["ip", "-batch", "-"], input: setUp)
    try LabCgroups.write("1", to: "/proc/sys/net/ipv4/ip_forward")
    try Tool.run(
      ["nft", "-f", "-"],
      input: try PacketFilter(faults: try LabFaults.read(lab), lab: lab).text())
    guard let identity = ProcessIdentity(pid: getpid()) else {
      throw LabError(.failed, "/proc: does not show this process")
    }
    try File.replace(lab.routerIdentityFile, with: try JSON.encode(identity))
    var line = try DelayLine(device: device, signals: signals, lab: lab)
    try line.run()
  }

  private var setUp: String {
    let bridges = MachineNetwork.allCases.flatMap {
      [
        "link add \($0.rawValue) type bridge", "address add \($0.router)/24 dev \($0.rawValue)",
        "link set \($0.rawValue) up",
      ]
    }
    let delay = [
      "link set \(PacketFilter.delayDevice) up",
      "route add default dev \(PacketFilter.delayDevice) table 100",
      "rule add fwmark \(PacketFilter.delayMark) lookup 100",
    ]
    return (["link set lo up"] + bridges + delay).joined(separator: "\n") + "\n"
  }
}
