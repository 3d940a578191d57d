import Foundation

/// How a program reaches the scheduler's database.
struct LabDatabaseAccess {
  let lab: MachineLab

  static let name = "scheduler"
  static let passwordFile = "/etc/lab-scheduler/database.password"
  static let certificateAuthority = "/etc/lab-scheduler/ca.crt"

  struct Settings: Encodable {
    struct Copy: Encodable {
      let host: String
      let port: UInt16
    }

    let kind: DatabaseKind
    let copies: [Copy]
    let name: String
    let user: String
    let passwordFile: String
    /// Nil: nothing is encrypted.
    let tlsCa: String?
  }

  func settings(copies: [Machine]) -> Settings {
    let port = lab.settings.database.server.port
    return Settings(
      kind: lab.settings.database,
      copies: copies.map { Settings.Copy(host: $0.name, port: port) }, name: Self.name,
      user: "scheduler", passwordFile: Self.passwordFile, tlsCa: Self.certificateAuthority)
  }

  /// For a client that writes to whichever copy accepts it.
  func writeLoadFile() throws -> String {
    let copies = SiteName.allCases.map { lab.machine($0, .database) }
    let file = ["database": settings(copies: copies)]
    return String(decoding: try JSON.encode(file, pretty: true), as: UTF8.self) + "\n"
  }
}
