import Foundation
import Glibc

/// The lab's keys and passwords, drawn anew for each lab, each in a file that only root reads.
struct LabSecrets: Sendable {
  let lab: MachineLab

  enum Password: String, CaseIterable {
    /// For the runner's probes.
    case observe
    /// For the runner's acts.
    case operate
    /// For the scheduler's services.
    case scheduler
    /// For the copy that follows the other.
    case replicator
  }

  enum Key: Sendable {
    /// With it the operator enters the machines.
    case `operator`
    /// With it the schedulers reach the shared logs.
    case logs
    /// With it a site's machines ask whether they may run.
    case permit(SiteName)
    /// By it a machine is known.
    case host(Machine)

    var name: String {
      switch self {
      case .operator: "operator_key"
      case .logs: "logs_key"
      case .permit(let site): "permit_key_\(site)"
      case .host(let machine): "host_key_\(machine.name)"
      }
    }
  }

  private func file(_ name: String) -> String { "\(lab.secretDirectory)/\(name)" }

  func password(_ password: Password) throws -> String {
    try text("\(password.rawValue).password")
  }

  func privateKey(_ key: Key) throws -> String { try text(key.name) + "\n" }
  func publicKey(_ key: Key) throws -> String { try text("\(key.name).pub") }

  func certificateAuthority() throws -> String { try text("ca.crt") + "\n" }
  func certificate(_ machine: Machine) throws -> String { try text("\(machine.name).crt") + "\n" }
  func certificateKey(_ machine: Machine) throws -> String {
    try text("\(machine.name).key") + "\n"
  }

  /// One line a machine that proves who it is, under its name and its address.
  func knownHosts() throws -> String {
    try lab.machines.map {
      let key = try publicKey(.host($0)).split(separator: " ").prefix(2).joined(separator: " ")
      return "\($0.name),\($0.address) \(key)\n"
    }.joined()
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try File.read(file(name)), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func create() throws {
    try SecretDirectory.create(lab.secretDirectory)
    for password in Password.allCases {
      try SecretFile.write(Self.draw(), to: file("\(password.rawValue).password"))
    }
    let databases = lab.machines.filter { $0.role == .database }
    try createCertificateAuthority()
    try Together.run(
      keys.map { key in { @Sendable in try createKey(key) } }
        + databases.map { machine in { @Sendable in try createCertificate(machine) } })
  }

  private var keys: [Key] {
    [.operator, .logs] + SiteName.allCases.map(Key.permit) + lab.machines.map(Key.host)
  }

  private static func draw() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<4).map { _ in String(format: "%016lx", generator.next()) }.joined()
  }

  private func createKey(_ key: Key) throws {
    try Tool.run([
      "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key.name, "-f", file(key.name),
    ])
  }

  private static let ellipticCurve = [
    "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
  ]

  private func createCertificateAuthority() throws {
    try Tool.run(
      ["openssl", "req", "-x509", "-subj", "/CN=Lifeboat lab \(lab.settings.id)"]
        + Self.ellipticCurve + ["-keyout", file("ca.key"), "-out", file("ca.crt")])
  }

  private func createCertificate(_ machine: Machine) throws {
    try Tool.run(
      ["openssl", "req", "-x509", "-CA", file("ca.crt"), "-CAkey", file("ca.key")]
        + ["-subj", "/CN=\(machine.name)"] + Self.ellipticCurve
        + ["-addext", "subjectAltName=DNS:\(machine.name),IP:\(machine.address)"]
        + ["-addext", "basicConstraints=critical,CA:FALSE"]
        + ["-keyout", file("\(machine.name).key"), "-out", file("\(machine.name).crt")])
  }
}

enum SecretFile {
  /// Writes a new file that nobody but its owner can read at any moment.
  static func write(_ text: String, to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw LabError.systemCall("open", on: path) }
    defer { close(file) }
    guard Glibc.write(file, text, text.utf8.count) == text.utf8.count else {
      throw LabError.systemCall("write", on: path)
    }
  }
}

enum SecretDirectory {
  /// Makes a directory that nobody but root can look into.
  static func create(_ path: String) throws {
    try File.createDirectory(path)
    guard chmod(path, 0o700) == 0 else { throw LabError.systemCall("chmod", on: path) }
  }
}
