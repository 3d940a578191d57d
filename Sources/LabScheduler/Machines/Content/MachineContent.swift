import Foundation
import Glibc

/// Something that a machine's file system has beside the base image.
enum ContentEntry {
  case file(String, String, owner: String = "root", mode: mode_t = 0o644)
  case directory(String, owner: String = "root", mode: mode_t = 0o755)
  case link(String, to: String)
}

/// What one machine has beside the base image, written before its first boot.
struct MachineContent {
  let machine: Machine
  let lab: MachineLab

  func writeOnce() throws {
    let place = lab.place(machine)
    guard !File.exists(place.builtMark) else { return }
    let writer = try ContentWriter(root: place.root, image: lab.settings.image)
    for entry in try entries() { try writer.write(entry) }
    if machine.role == .database {
      try lab.settings.database.server.fillDisk(of: machine, lab)
    }
    try File.replace(place.builtMark, with: Data())
  }

  private func entries() throws -> [ContentEntry] {
    let own: [ContentEntry] =
      switch machine.role {
      case .scheduler: try SchedulerContent(machine: machine, lab: lab).entries()
      case .database: try lab.settings.database.server.entries(machine, lab)
      case .operator: try OperatorContent(machine: machine, lab: lab).entries()
      case .storage: try StorageContent(lab: lab).entries()
      case .agent: AgentContent(lab: lab).entries()
      }
    return try network + access() + programs + own
  }

  private var network: [ContentEntry] {
    let names = lab.machines.map { "\($0.address) \($0.name)" }
    return [
      .file("/etc/hostname", "\(machine.name)\n"),
      .file("/etc/hosts", (["127.0.0.1 localhost"] + names).joined(separator: "\n") + "\n"),
      .file("/etc/resolv.conf", ""),
    ]
  }

  private func access() throws -> [ContentEntry] {
    let secrets = LabSecrets(lab: lab)
    let admitted = try secrets.publicKey(.operator) + "\n"
    return [
      .file("/etc/ssh/ssh_host_ed25519_key", try secrets.privateKey(.host(machine)), mode: 0o600),
      .file("/etc/ssh/ssh_host_ed25519_key.pub", try secrets.publicKey(.host(machine)) + "\n"),
      .file("/etc/ssh/ssh_known_hosts", try secrets.knownHosts()),
      .file(
        "/etc/ssh/sshd_config.d/lab.conf",
        """
        HostKey /etc/ssh/ssh_host_ed25519_key
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin prohibit-password
        UseDNS no

        """),
      .file("/etc/sudoers.d/lifeboat", "lifeboat ALL=(ALL) NOPASSWD: ALL\n", mode: 0o440),
      .directory("/home/lifeboat/.ssh", owner: "lifeboat", mode: 0o700),
      .file("/home/lifeboat/.ssh/authorized_keys", admitted, owner: "lifeboat", mode: 0o600),
      .directory("/root/.ssh", mode: 0o700),
      .file("/root/.ssh/authorized_keys", admitted, mode: 0o600),
    ]
  }

  private var programs: [ContentEntry] {
    ["lifeboat", "lab-scheduler"].map { .link("/usr/local/bin/\($0)", to: "/opt/lifeboat/\($0)") }
  }
}

/// Puts entries into a machine's file system from outside, before it runs.
struct ContentWriter {
  private let root: String
  private let accounts: [String: (user: uid_t, group: gid_t)]

  /// - Parameter image: whose accounts own what is written.
  init(root: String, image: String) throws {
    self.root = root
    let text = String(decoding: try File.read("\(image)/etc/passwd"), as: UTF8.self)
    accounts = text.split(separator: "\n").reduce(into: [:]) { accounts, line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count > 3, let user = uid_t(fields[2]), let group = gid_t(fields[3]) else {
        return
      }
      accounts[String(fields[0])] = (user, group)
    }
  }

  func write(_ entry: ContentEntry) throws {
    switch entry {
    case .file(let path, let text, let owner, let mode):
      try File.createDirectory((root + path as NSString).deletingLastPathComponent)
      try File.remove(root + path)
      try SecretFile.write(text, to: root + path)
      try give(path, owner, mode)
    case .directory(let path, let owner, let mode):
      try File.createDirectory(root + path)
      try give(path, owner, mode)
    case .link(let path, let target):
      try File.createDirectory((root + path as NSString).deletingLastPathComponent)
      try File.remove(root + path)
      guard symlink(target, root + path) == 0 else {
        throw LabError.systemCall("symlink", on: root + path)
      }
    }
  }

  private func give(_ path: String, _ owner: String, _ mode: mode_t) throws {
    guard let account = accounts[owner] else {
      throw LabError(.failed, "\(root)\(path): the base image has no account \(owner)")
    }
    guard chown(root + path, account.user, account.group) == 0 else {
      throw LabError.systemCall("chown", on: root + path)
    }
    guard chmod(root + path, mode) == 0 else {
      throw LabError.systemCall("chmod", on: root + path)
    }
  }
}
