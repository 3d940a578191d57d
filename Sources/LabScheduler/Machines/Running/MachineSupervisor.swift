import ArgumentParser
import Foundation
import Glibc

/// `lab-scheduler machine DIR NAME`: one machine's power supply. It lives in a network and a mount
/// namespace of its own, so that nothing that it makes outlives it: the machine's disks are
/// mounted for it alone, and its network goes with it.
struct MachineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine", abstract: "Supervise one machine of a lab.", shouldDisplay: false)

  @Argument(help: "The lab's directory.") var directory: String
  @Argument(help: "The machine's name.") var name: String

  func run() throws {
    let lab = try MachineLab(existing: directory)
    let machine = try lab.machine(named: name)
    try MachineSupervisor(machine: machine, lab: lab).run()
  }
}

struct MachineSupervisor {
  let machine: Machine
  let lab: MachineLab

  /// The signal that asks a supervisor whose machine is down to boot it.
  static let boot = SIGUSR1
  private static let diskSize = "1G"
  /// With this status systemd-nspawn says that the machine wants to boot again.
  private static let rebootStatus: Int32 = 133

  private var place: MachinePlace { lab.place(machine) }

  /// Starts a machine's supervisor, in namespaces of its own.
  static func start(_ machine: Machine, _ lab: MachineLab) throws -> pid_t {
    try ProcessSpawner.spawn(
      [
        "/usr/bin/unshare", "--mount", "--net", "--propagation", "private", "--",
        try ProcessSpawner.ownExecutable(), "machine", lab.root, machine.name,
      ], streams: .init(log: lab.place(machine).log))
  }

  func run() throws {
    let signals = HeldSignals([SIGCHLD, Self.boot])
    setsid()
    guard let identity = ProcessIdentity(pid: getpid()) else {
      throw LabError(.failed, "/proc: does not show this process")
    }
    try mountFileSystems()
    try MachineContent(machine: machine, lab: lab).writeOnce()
    try plugIntoNetwork()
    try File.replace(place.supervisorFile, with: try JSON.encode(identity))
    while true {
      try prepareNetwork()
      let status = try runMachine(signals)
      Terminal.log("machine", "\(machine.name): ended with status \(status)")
      if status != Self.rebootStatus {
        try Tool.run(["ip", "link", "set", "eth0", "down"])
        while signals.wait() != Self.boot {}
      }
    }
  }

  private func mountFileSystems() throws {
    let lower = lab.settings.image
    try Tool.run([
      "mount", "-t", "overlay", "-o",
      "lowerdir=\(lower),upperdir=\(place.upper),workdir=\(place.work)", "lab", place.root,
    ])
    // What systemd-nspawn notes about its machines there would outlive the lab.
    try File.createDirectory("/run/systemd")
    try Tool.run(["mount", "-t", "tmpfs", "lab", "/run/systemd"])
    if machine.role == .database {
      try createDisk()
      try Tool.run(["mount", "-o", "loop", place.disk, place.data])
    }
  }

  /// A file system of its own and of a size of its own, so that it can be full, or slow.
  private func createDisk() throws {
    guard !File.exists(place.disk) else { return }
    let unfinished = File.temporaryName(for: place.disk)
    try Tool.run(["truncate", "--size=\(Self.diskSize)", unfinished])
    try Tool.run(["mkfs.ext4", "-q", "-m", "0", unfinished])
    try File.rename(unfinished, to: place.disk)
  }

  /// A cable from the machine to its network's bridge, at the router.
  private func plugIntoNetwork() throws {
    let router = try JSON.read(ProcessIdentity.self, file: lab.routerIdentityFile)
    try Tool.run(
      ["/usr/bin/nsenter", "--target", "\(router.pid)", "--net", "ip", "link", "add", machine.port]
        + ["master", machine.network.rawValue, "type", "veth"]
        + ["peer", "name", "eth0", "netns", "\(getpid())"])
    try Tool.run([
      "/usr/bin/nsenter", "--target", "\(router.pid)", "--net", "ip", "link", "set", machine.port,
      "up",
    ])
  }

  private func prepareNetwork() throws {
    try Tool.run(
      ["ip", "-batch", "-"],
      input: """
        link set lo up
        address replace \(machine.address)/24 dev eth0
        link set eth0 up
        route replace default via \(machine.network.router)

        """)
  }

  /// One boot of the machine, from power on to power off; returns how it ended.
  private func runMachine(_ signals: HeldSignals) throws -> Int32 {
    try lab.cgroups.clear(machine.name)
    // Its process must be in the machine's control group from its very start.
    try lab.cgroups.enter(machine.name)
    let pid = try ProcessSpawner.spawn(
      arguments, environment: ["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"],
      streams: .init(log: place.log))
    try lab.cgroups.enterKeepers()
    var status: Int32 = 0
    while waitpid(pid, &status, WNOHANG) == 0 { _ = signals.wait() }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  /// The console is no pipe: systemd would give the machine's `/dev/null` the pipe's rights.
  private var arguments: [String] {
    [
      "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot",
      "--directory=\(place.root)", "--machine=\(machine.name)",
      "--network-namespace-path=/proc/self/ns/net", "--resolv-conf=off", "--timezone=off",
      "--link-journal=no", "--console=read-only", "--bind=/dev/fuse",
      "--bind-ro=\(lab.settings.programs):/opt/lifeboat",
    ] + own + ["systemd.show_status=0"]
  }

  /// What differs from machine to machine.
  private var own: [String] {
    var options: [String] = []
    if let libraries = lab.settings.swiftLibraries { options.append("--bind-ro=\(libraries)") }
    switch machine.role {
    case .database:
      let server = lab.settings.database.server
      options.append("--bind=\(place.data)/\(server.diskDirectory):\(server.mountPoint)")
      // Without it not even the loopback of a drill's network can be brought up.
      options.append("--capability=CAP_NET_ADMIN")
    case .operator:
      options.append("--bind=\(lab.operatorStateDirectory):\(OperatorContent.home)")
      if let runbooks = lab.settings.runbooks {
        options.append("--bind-ro=\(runbooks):/opt/lifeboat-runbooks")
      }
    case .scheduler, .agent, .storage: break
    }
    return options
  }
}

/// Signals that are waited for instead of handled: no handler, no race.
struct HeldSignals {
  private var signals = sigset_t()

  /// Holds the signals back from the whole process. Call it before any thread is started.
  init(_ numbers: [Int32]) {
    sigemptyset(&signals)
    for number in numbers { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// The next one of them.
  func wait() -> Int32 {
    var signals = signals
    var arrived: Int32 = 0
    while sigwait(&signals, &arrived) != 0 {}
    return arrived
  }
}
