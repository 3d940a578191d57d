import Foundation
import TestSupport
import Testing

@testable import ODBC

@Suite("SQL Server's certificate (a double)", .serialized)
struct SQLServerEncryptionTests {
  @Test func theCertificateIsVerified() async throws {
    try await TestCertificates.with(user: "root") { certificates in
      try await TestCertificates.with(user: "root") { strangers in
        try await SQLServerWorld.with(tls: tls(certificates)) { world in
          for encryption in [
            ODBCSettings.Encryption.verified(authorityFile: certificates.authority), .required,
          ] {
            #expect(try await isEncrypted(world.open(encryption)), "\(encryption)")
          }
          let stranger = try await failure("stranger") {
            try await world.open(.verified(authorityFile: strangers.authority))
          }
          #expect(stranger.kind == .encryption, "\(stranger)")
          let misnamed = try await failure("misnamed") {
            try await world.open(
              .verified(authorityFile: certificates.authority), host: "localhost")
          }
          #expect(misnamed.kind == .encryption, "\(misnamed)")
          let missing = try await failure("missing") {
            try await world.open(.verified(authorityFile: "/nowhere/ca.pem"))
          }
          #expect(missing.kind == .encryption, "\(missing)")
        }
      }
    }
  }

  @Test func anExpiredCertificateIsRefused() async throws {
    try await TestCertificates.with(user: "root") { certificates in
      try await certificates.expire()
      try await SQLServerWorld.with(tls: tls(certificates)) { world in
        let expired = try await failure("expired") {
          try await world.open(.verified(authorityFile: certificates.authority))
        }
        #expect(expired.kind == .encryption, "\(expired)")
      }
    }
  }

  @Test func aServerWithoutEncryptionIsRefused() async throws {
    try await TestCertificates.with(user: "root") { certificates in
      try await SQLServerWorld.with { world in
        for encryption in [
          ODBCSettings.Encryption.required, .verified(authorityFile: certificates.authority),
        ] {
          let plain = try await failure("plain \(encryption)") { try await world.open(encryption) }
          #expect(plain.kind == .encryption, "\(plain)")
        }
      }
    }
  }

  @Test func whatFreeTDSWouldReadOtherwiseIsRefused() async throws {
    for authority in ["/tmp/a;b.pem", "/tmp/a\n[b]", " /tmp/a", ""] {
      var settings = ODBCSettings(
        server: .sqlServer, host: "127.0.0.1", port: 1, database: "master", user: "sa",
        password: ODBCPassword { "" }, mode: .readOnly)
      settings.encryption = .verified(authorityFile: authority)
      let refused = try await failure(authority) { [settings] in
        try await ODBCConnection.open(settings)
      }
      #expect(refused.kind == .invalidCall, "\(refused)")
    }
  }

  private func tls(_ certificates: TestCertificates) -> [String: Any] {
    ["certificate": certificates.certificate, "key": certificates.key, "mode": "optional"]
  }

  private func isEncrypted(_ connection: ODBCConnection) async throws -> Bool {
    try await connection.query("SELECT CONNECTIONPROPERTY('encrypt_option') AS encrypted")[0][
      "encrypted"] == .string("TRUE")
  }
}
