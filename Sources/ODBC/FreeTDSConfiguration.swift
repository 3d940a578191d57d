import CODBC
import Glibc
import Synchronization

/// Tells FreeTDS which authority a server's certificate must be from. It verifies one only where its configuration file says so: a
/// connection string has no place for that.
///
/// The file is in memory, one for the process, and only grows: a section once named keeps its meaning. It holds no secret.
final class FreeTDSConfiguration: Sendable {
  static let shared = FreeTDSConfiguration()

  private struct Server: Hashable {
    let host: String
    let port: Int
    let authorityFile: String
  }

  private struct State {
    var file: Int32?
    var sections: [Server: String] = [:]
  }

  private let state = Mutex(State())

  /// The name of the section for that server.
  func section(host: String, port: Int, authorityFile: String) throws -> String {
    for (key, value) in [("Server", host), ("tls.ca", authorityFile)] {
      guard Self.canBeWritten(value) else { throw ConnectionString.Unwritable(key: key) }
    }
    let server = Server(host: host, port: port, authorityFile: authorityFile)
    return try state.withLock { state in
      if let section = state.sections[server] { return section }
      let section = "lifeboat-\(state.sections.count + 1)"
      let file = try state.file ?? Self.makeFile()
      state.file = file
      try Self.append(Self.text(of: section, server), to: file)
      state.sections[server] = section
      return section
    }
  }

  /// Comments and sections begin with such characters; blanks at the ends would be lost.
  private static func canBeWritten(_ value: String) -> Bool {
    !value.isEmpty && value.first != " " && value.last != " "
      && !value.unicodeScalars.contains { $0.value < 32 || ";#[]".unicodeScalars.contains($0) }
  }

  private static func text(of section: String, _ server: Server) -> String {
    """
    [\(section)]
    host = \(server.host)
    port = \(server.port)
    tds version = 7.4
    client charset = UTF-8
    encryption = require
    ca file = \(server.authorityFile)
    check certificate hostname = yes


    """
  }

  /// FreeTDS asks the environment for its file each time it connects.
  private static func makeFile() throws -> Int32 {
    let file = odbc_memory_file("freetds.conf")
    guard file >= 0, setenv("FREETDSCONF", "/proc/\(getpid())/fd/\(file)", 1) == 0 else {
      throw ConnectionString.Unwritable(key: "tls")
    }
    return file
  }

  private static func append(_ text: String, to file: Int32) throws {
    let bytes = Array(text.utf8)
    guard write(file, bytes, bytes.count) == bytes.count else {
      throw ConnectionString.Unwritable(key: "tls")
    }
  }
}
