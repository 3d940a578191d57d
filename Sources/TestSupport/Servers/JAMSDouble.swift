import Foundation
public import Runbook

/// The double of JAMS's REST server in `Fixtures/doubles/jams`, with a world of a test's own. It is no JAMS.
public final class JAMSDouble: Sendable {
  public static let user = "lifeboat"
  public static let password = "pass \"word\" & <so> on; é"

  public let url: String
  public let directory: String
  public let certificates: TestCertificates
  private let process: ServerProcess
  private let control: DoubleControl

  private struct Ready: Decodable {
    let control: Int
    let url: String
  }

  /// - Parameter world: as its README describes it, without `tls` and `accounts`.
  public init(_ world: [String: Any]) async throws {
    directory = try ServerTools.makeDirectory("jams", user: "root")
    certificates = try await TestCertificates.create(user: "root")
    var world = world
    world["tls"] = ["certificate": certificates.certificate, "key": certificates.key]
    world["accounts"] = [Self.user: Self.password]
    let description = "\(directory)/world.json"
    let log = "\(directory)/double.log"
    try JSONSerialization.data(withJSONObject: world).write(to: URL(fileURLWithPath: description))
    try Data(Self.password.utf8).write(to: URL(fileURLWithPath: "\(directory)/password"))
    let program = [
      "/usr/bin/env", "PYTHONDONTWRITEBYTECODE=1", "python3", Self.folder, description, "--stay",
    ]
    process = try await ServerTools.start(
      program, log: log, directory: directory, ready: "\"url\"")
    let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("{") } ?? ""
    let ready = try JSONDecoder().decode(Ready.self, from: Data(line.utf8))
    url = ready.url
    control = try DoubleControl(port: ready.control)
  }

  /// Makes a world for `body`, and ends it afterwards. What was asked that the double doesn't know fails.
  public static func with(
    _ world: [String: Any], _ body: (JAMSDouble) async throws -> Void
  ) async throws {
    let double = try await JAMSDouble(world)
    let result: Result<Void, any Error>
    do {
      try await body(double)
      let refused = try double.ask(["do": "state"])["refused"] as? [String] ?? []
      guard refused.isEmpty else { throw ServerFailure("the double doesn't know: \(refused)") }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try double.destroy()
    try result.get()
  }

  public func destroy() throws {
    process.killAll()
    try FileManager.default.removeItem(atPath: directory)
    try certificates.destroy()
  }

  /// How the double is asked, as the inventory of a host has it.
  public func rest(
    user: String = user, password: String? = nil, trusting authority: String?? = nil,
    window: SchedulerREST.MaintenanceWindow? = nil, jobs: SchedulerREST.Jobs? = nil,
    version: SchedulerREST.Version? = nil
  ) -> SchedulerREST {
    // The path is absolute, so that it is a reference.
    let reference = SecretReference("file:\(password ?? "\(directory)/password")")!
    return SchedulerREST(
      url: url, user: user, password: reference,
      authority: authority ?? certificates.authority, maintenanceWindow: window, jobs: jobs,
      version: version)
  }

  /// Asks the control interface: `["do": "expire"]`.
  @discardableResult
  public func ask(_ request: [String: Any]) throws -> [String: Any] { try control.ask(request) }

  public func set(_ changes: [String: Any]) throws { try ask(["do": "set", "changes": changes]) }

  /// How often something was asked since the last time, as `POST /jams/api/authentication/login`.
  public func requests() throws -> [String: Int] {
    let all = try ask(["do": "requests"])["requests"] as? [[String: String]] ?? []
    return Dictionary(
      all.map { ("\($0["method"] ?? "") \($0["path"] ?? "")", 1) }, uniquingKeysWith: +)
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Fixtures/doubles/jams").standardized.path
}
