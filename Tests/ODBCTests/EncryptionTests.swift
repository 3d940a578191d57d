import Foundation
import TestSupport
import Testing

@testable import ODBC

@Suite("Encrypted connections", .serialized)
struct EncryptionTests {
  @Test(arguments: TestServer.realKinds)
  func theCertificateIsVerified(kind: ODBCSettings.Server) async throws {
    let user = kind == .postgreSQL ? "postgres" : "mysql"
    try await TestCertificates.with(user: user) { certificates in
      try await TestCertificates.with(user: user) { strangers in
        try await verify(kind, certificates, strangers)
      }
    }
  }

  private func verify(
    _ kind: ODBCSettings.Server, _ certificates: TestCertificates, _ strangers: TestCertificates
  ) async throws {
    let configuration =
      kind == .postgreSQL
      ? [
        "ssl": "on", "ssl_cert_file": certificates.certificate, "ssl_key_file": certificates.key,
      ] : ["ssl-cert": certificates.certificate, "ssl-key": certificates.key]
    try await TestServer.with(kind, configuration) { server in
      for encryption in [
        ODBCSettings.Encryption.verified(authorityFile: certificates.authority), .required,
      ] {
        let connection = try await open(server, encryption)
        #expect(try await isEncrypted(connection, kind), "\(encryption)")
      }
      let stranger = try await failure("stranger") {
        try await open(server, .verified(authorityFile: strangers.authority))
      }
      #expect(stranger.kind == .encryption, "\(stranger)")
      var settings = server.settings
      settings.host = "localhost"
      settings.encryption = .verified(authorityFile: certificates.authority)
      let misnamed = try await failure("misnamed") { try await ODBCConnection.open(settings) }
      #expect(misnamed.kind == .encryption, "\(misnamed)")
    }
    try await TestServer.with(kind, kind == .mariaDB ? ["ssl": "0"] : [:]) { server in
      for encryption in [
        ODBCSettings.Encryption.required, .verified(authorityFile: certificates.authority),
      ] {
        let plain = try await failure("plain \(encryption)") { try await open(server, encryption) }
        #expect(plain.kind == .encryption, "\(plain)")
      }
    }
  }

  private func open(_ server: TestServer, _ encryption: ODBCSettings.Encryption) async throws
    -> ODBCConnection
  {
    var settings = server.settings
    settings.encryption = encryption
    return try await ODBCConnection.open(settings)
  }

  private func isEncrypted(_ connection: ODBCConnection, _ kind: ODBCSettings.Server) async throws
    -> Bool
  {
    switch kind {
    case .postgreSQL:
      try await connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")[0][
        "ssl"]
        == .boolean(true)
    case .mariaDB:
      try await connection.query("SHOW STATUS LIKE 'Ssl_cipher'")[0]["Value"] != .string("")
    case .sqlServer: throw NeverFailed(what: "the double has tests of its own")
    }
  }
}
