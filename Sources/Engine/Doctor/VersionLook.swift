import Journal
import Runbook

/// What a machine or a database server says of its own version.
struct VersionLook: Sendable {
  private enum Subject: Sendable {
    case host(Host, [ReadOnlyCommand])
    case copy(DatabaseCopy)
  }

  let id: String
  private let subject: Subject

  /// Of the machine that Lifeboat runs on, of each host, and of each copy of a database.
  static func all(in inventory: Inventory) -> [VersionLook] {
    let here = Host(site: "here", name: "lifeboat", connection: .local)
    let machine = VersionLook(
      id: "version/this-machine",
      subject: .host(here, ReadOnlyCommand.versions(of: here) + [.installedPackages]))
    let hosts = inventory.hosts.map {
      VersionLook(id: "version/\($0.id)", subject: .host($0, ReadOnlyCommand.versions(of: $0)))
    }
    let copies = inventory.copies.map {
      VersionLook(id: "version/\($0.subject)", subject: .copy($0))
    }
    return [machine] + hosts + copies
  }

  /// Asks; what goes wrong is part of the transcript.
  func look(_ observer: any Observer) async throws -> String {
    switch subject {
    case .host(let host, let commands):
      var words: [String] = []
      for command in commands {
        words.append(try await observer.run(command, on: host).standardOutput)
      }
      return Self.summary(words)
    case .copy(let copy):
      let rows = try await observer.read(copy) { try $0.query(copy.database.kind.versionQuery) }
      return rows.first?.columns.first?.value.description ?? "it says no version"
    }
  }

  /// The first line of each; of what systemd's os-release(5) has, the name for people.
  private static func summary(_ texts: [String]) -> String {
    texts.compactMap { text in
      let lines = text.split(whereSeparator: \.isNewline)
      let name = lines.first { $0.hasPrefix("PRETTY_NAME=") }
      return name.map { $0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" } }
        ?? lines.first.map(String.init)
    }.joined(separator: "; ")
  }
}
