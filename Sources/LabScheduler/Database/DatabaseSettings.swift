import Foundation
import ODBC

/// A networked database as a configuration file describes it.
struct DatabaseSettings: Decodable, Sendable {
  struct Copy: Decodable, Sendable {
    let host: String
    let port: Int
  }

  let kind: DatabaseKind
  /// The server of the own site; for `write-load` those of all sites.
  let copies: [Copy]
  let name: String
  let user: String
  let passwordFile: String
  /// The certificate of the authority that the servers' certificates are from; without it nothing is encrypted.
  let tlsCa: String?

  /// Reads the part `database` of the file.
  static func read(_ file: String) throws -> DatabaseSettings {
    struct File: Decodable { let database: DatabaseSettings }
    let settings = try JSON.read(File.self, file: file).database
    guard !settings.copies.isEmpty else {
      throw LabError(.invalidFile, "\(file): 'copies' of 'database' is empty")
    }
    return settings
  }

  /// How a copy is connected to.
  func connection(
    to copy: Copy, connectTimeout: Duration = .seconds(2), statementTimeout: Duration = .seconds(3),
    grace: Duration = .milliseconds(500)
  ) -> ODBCSettings {
    let passwordFile = passwordFile
    return ODBCSettings(
      server: server, host: copy.host, port: copy.port, database: name, user: user,
      password: ODBCPassword {
        String(decoding: try File.read(passwordFile), as: UTF8.self)
          .trimmingCharacters(in: .newlines)
      },
      mode: .readWrite,
      encryption: tlsCa.map { .verified(authorityFile: $0) } ?? .disabled,
      connectTimeout: connectTimeout, statementTimeout: statementTimeout, grace: grace,
      applicationName: "lab-scheduler")
  }

  var server: ODBCSettings.Server {
    switch kind {
    case .postgresql: .postgreSQL
    case .mariadb: .mariaDB
    }
  }
}
