import Foundation

/// An authority of a test's own, and a server's key and certificate from it for 127.0.0.1.
public struct TestCertificates: Sendable {
  public let directory: String

  public var authority: String { "\(directory)/authority.pem" }
  public var key: String { "\(directory)/server.key" }
  public var certificate: String { "\(directory)/server.pem" }

  /// - Parameters:
  ///   - user: whose files they are; a database server reads nobody else's key.
  ///   - name: what the certificate is for.
  ///   - directory: where they are made, which is the caller's to remove; without one in one of their own.
  public static func create(
    user: String, name: String = "IP:127.0.0.1", in directory: String? = nil
  ) async throws -> TestCertificates {
    let made = TestCertificates(
      directory: try directory ?? ServerTools.makeDirectory("tls", user: user))
    let openssl = ServerTools.asUser(user) + ["/usr/bin/openssl"]
    let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    try await ServerTools.run(
      openssl + ["req", "-x509", "-days", "2", "-subj", "/CN=Lifeboat test authority"] + newKey
        + ["-keyout", "\(made.directory)/authority.key", "-out", made.authority])
    try await ServerTools.run(
      openssl + ["req", "-x509", "-days", "2", "-subj", "/CN=server"] + newKey + [
        "-CA", made.authority, "-CAkey", "\(made.directory)/authority.key",
        "-addext", "subjectAltName=\(name)", "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", made.key, "-out", made.certificate,
      ])
    return made
  }

  /// Makes certificates for `body`, and removes them afterwards.
  public static func with(
    user: String, _ body: (TestCertificates) async throws -> Void
  ) async throws {
    let certificates = try await create(user: user)
    let result: Result<Void, any Error>
    do { result = .success(try await body(certificates)) } catch { result = .failure(error) }
    try certificates.destroy()
    try result.get()
  }

  /// Makes the server's certificate one that has expired.
  public func expire() async throws {
    let openssl = "/usr/bin/openssl"
    let request = "\(directory)/request.pem"
    try await ServerTools.run([
      openssl, "x509", "-x509toreq", "-in", certificate, "-signkey", key, "-out", request,
      "-copy_extensions", "copy",
    ])
    try await ServerTools.run([
      openssl, "x509", "-req", "-in", request, "-CA", authority,
      "-CAkey", "\(directory)/authority.key", "-days", "-1", "-copy_extensions", "copy",
      "-out", certificate,
    ])
  }

  public func destroy() throws { try FileManager.default.removeItem(atPath: directory) }
}
