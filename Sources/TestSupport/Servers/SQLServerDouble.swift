import Foundation

/// The double of SQL Server in `Fixtures/doubles/sqlserver`, with a world of instances of a test's own. It is no SQL Server.
public final class SQLServerDouble: Sendable {
  public let directory: String
  private let process: ServerProcess
  private let ports: [String: Int]
  /// For others who ask the control interface, as a script does.
  public let controlPort: Int
  private let control: DoubleControl

  private struct Ready: Decodable {
    let control: Int
    let instances: [String: Int]
  }

  /// - Parameter world: as its README describes it.
  public init(_ world: [String: Any]) async throws {
    directory = try ServerTools.makeDirectory("sqlserver", user: "root")
    let description = "\(directory)/world.json"
    let log = "\(directory)/double.log"
    try JSONSerialization.data(withJSONObject: world).write(to: URL(fileURLWithPath: description))
    let program = [
      "/usr/bin/env", "PYTHONDONTWRITEBYTECODE=1", "python3", Self.folder, description, "--stay",
    ]
    process = try await ServerTools.start(
      program, log: log, directory: directory, ready: "\"instances\"")
    let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("{") } ?? ""
    let ready = try JSONDecoder().decode(Ready.self, from: Data(line.utf8))
    ports = ready.instances
    controlPort = ready.control
    control = try DoubleControl(port: ready.control)
  }

  /// Makes a world for `body`, and ends it afterwards.
  public static func with(
    _ world: [String: Any], _ body: (SQLServerDouble) async throws -> Void
  ) async throws {
    let double = try await SQLServerDouble(world)
    let result: Result<Void, any Error>
    do { result = .success(try await body(double)) } catch { result = .failure(error) }
    try double.destroy()
    try result.get()
  }

  public func destroy() throws {
    process.killAll()
    try FileManager.default.removeItem(atPath: directory)
  }

  /// Lets it hang: connections stay, and nothing answers.
  public func suspend() async throws { try await process.suspend() }
  public func resume() { process.resume() }

  /// The port of an instance.
  public func port(of instance: String) throws -> Int {
    guard let port = ports[instance] else { throw ServerFailure("the double has no \(instance)") }
    return port
  }

  /// Asks the control interface: `["do": "look", "times": 3]`.
  @discardableResult
  public func ask(_ request: [String: Any]) throws -> [String: Any] {
    try control.ask(request)
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Fixtures/doubles/sqlserver").standardized.path
}
