import Foundation
import Runbook
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The double of Windows hosts (Fixtures/doubles/windows), as a child process: no Windows.
struct WindowsDouble: Sendable {
  /// How a host of it is reached.
  enum Way: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case ssh, basic, ntlm
    var testDescription: String { rawValue }
  }

  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../Fixtures/doubles/windows").standardizedFileURL.path
  static let password = "pass word & <so> on"

  private struct Ready: Decodable {
    struct Ports: Decodable {
      let winrm: Int
      let sshConfig: String

      enum CodingKeys: String, CodingKey {
        case winrm
        case sshConfig = "ssh_config"
      }
    }
    let ca: String
    let control: String
    let hosts: [String: Ports]
  }

  private let ready: Ready
  private let control: LineSocket
  let passwordFile: String

  static func with(
    _ hosts: [String] = ["dr"], _ body: @Sendable (WindowsDouble) async throws -> Void
  ) async throws {
    try await withDirectory { directory in
      let passwordFile = "\(directory)/password"
      try password.write(toFile: passwordFile, atomically: true, encoding: .utf8)
      let arguments =
        hosts.flatMap { ["--host", $0] } + ["--password-file", passwordFile]
      // It ends when its standard input is closed.
      _ = try await Subprocess.run(
        .path(FilePath("\(Self.directory)/run")), arguments: .init(arguments),
        input: .inputWriter, output: .sequence,
        error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
      ) { execution in
        var lines = execution.standardOutput.strings().makeAsyncIterator()
        let line = try #require(try await lines.next(), "the double did not start")
        let ready = try JSONDecoder().decode(Ready.self, from: Data(line.utf8))
        let double = WindowsDouble(
          ready: ready, control: try LineSocket(ready.control), passwordFile: passwordFile)
        let result: Result<Void, any Error>
        do { result = .success(try await body(double)) } catch { result = .failure(error) }
        try await execution.standardInputWriter.finish()
        try result.get()
      }
    }
  }

  // MARK: - Its hosts

  func host(
    _ way: Way, _ name: String = "dr", services: [String] = [], guid: GUIDSource? = nil,
    password: String? = nil, trusting authority: String?? = nil
  ) throws -> Host {
    let ports = try #require(ready.hosts[name])
    let connection: Connection =
      switch way {
      case .ssh:
        .ssh(settings: SSHSettings(destination: name, configuration: ports.sshConfig))
      case .basic, .ntlm:
        .winrm(
          settings: WinRMSettings(
            url: "https://127.0.0.1:\(ports.winrm)/wsman",
            authentication: way == .basic ? .basic : .ntlm, user: "lifeboat",
            password: SecretReference("file:\(password ?? passwordFile)"),
            authority: authority ?? ready.ca))
      }
    return Host(
      site: "dr", name: name, connection: connection, os: .windows, serviceManager: .windows,
      services: services, guid: guid)
  }

  // MARK: - Its control

  /// The host's state, after it was changed.
  @discardableResult
  func set(_ state: [String: Value], _ name: String = "dr") throws -> Value {
    try ask(["do": "set", "host": .string(name), "state": .mapping(state)])
  }

  func dump(_ name: String = "dr") throws -> [String: Value] {
    try #require(try ask(["do": "dump", "host": .string(name)]).mapping)
  }

  /// Lets what hangs go on.
  func release(_ name: String = "dr") throws {
    try ask(["do": "release", "host": .string(name)])
  }

  @discardableResult
  private func ask(_ request: [String: Value]) throws -> Value {
    let line = try control.ask(Value.mapping(request).json)
    let answer = try JSONDecoder().decode(Value.self, from: Data(line.utf8))
    if let error = answer.mapping?["error"]?.string { throw ServerFailure(error) }
    return answer
  }

  /// Of one of its services.
  func property(_ property: String, of service: String) throws -> Value? {
    try dump()["services"]?.list?.first { $0.mapping?["name"]?.string == service }?
      .mapping?[property]
  }

  /// Services without what moves by itself.
  func standing() throws -> [String] {
    try (dump()["services"]?.list ?? []).map { service in
      ["name", "state", "start_type", "pid"].map { service.mapping?[$0]?.description ?? "" }
        .joined(separator: " ")
    }
  }

  var shells: Int { get throws { try dump()["shells"]?.integer ?? -1 } }
  var running: Int { get throws { try dump()["running"]?.integer ?? -1 } }
}
