import Runbook

import struct Foundation.Data

/// A small text file of a host, which is changed as a whole: read, edited here, and put in the place of the old one at once,
/// if that is still what was read. The old one is kept beside it.
struct ConfigFile: Sendable {
  /// What of a file's bytes is not text.
  enum Encoding: Sendable {
    case utf8, utf8WithMark, utf16WithMark
  }

  struct Contents: Sendable {
    let text: String
    let encoding: Encoding

    var bytes: [UInt8] {
      switch encoding {
      case .utf8: Array(text.utf8)
      case .utf8WithMark: [0xEF, 0xBB, 0xBF] + text.utf8
      case .utf16WithMark:
        [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
      }
    }

    /// Nil when the bytes are no text in one of these encodings, so that writing it would change more than was asked for.
    init?(_ bytes: [UInt8]) {
      let (encoding, text): (Encoding, String) =
        if bytes.starts(with: [0xFF, 0xFE]) {
          (
            .utf16WithMark,
            String(
              decoding: stride(from: 2, to: bytes.count - 1, by: 2).map {
                UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
              }, as: UTF16.self)
          )
        } else if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
          (.utf8WithMark, String(decoding: bytes.dropFirst(3), as: UTF8.self))
        } else {
          (.utf8, String(decoding: bytes, as: UTF8.self))
        }
      self.init(text: text, encoding: encoding)
      guard self.bytes == bytes else { return nil }
    }

    init(text: String, encoding: Encoding) {
      self.text = text
      self.encoding = encoding
    }

    /// XML that names an encoding of two bytes a sign, in one of single bytes: no reader takes it.
    var isMisnamed: Bool {
      encoding != .utf16WithMark
        && text.prefixMatch(of: /<\?xml[^>]*encoding\s*=\s*["']utf-?16/.ignoresCase()) != nil
    }
  }

  private static let limitBytes = 65_536

  let host: Host
  let path: String

  var backup: String { path + ".lifeboat-backup" }
  private var new: String { path + ".lifeboat-new" }

  /// Throws `ActionError` when it can't be told.
  func isThere(_ observer: any Observer) async throws -> Bool {
    let facts = Observation(
      try await DirectoryFacts(subject: path, path: path, host: host).observe(observer))
    guard let kind = facts[path, DirectoryFacts.kind]?.string else {
      let gap = facts.gap(path, DirectoryFacts.kind) ?? "it was not asked"
      throw ActionError(
        "config.unreadable", gap,
        kind: facts.isUnreachable(path, DirectoryFacts.kind) ? .unreachable : .failed)
    }
    return kind != DirectoryFacts.missing
  }

  /// Where none is.
  func make(_ text: String, _ operator: any Operator) async throws {
    let command =
      host.isWindows
      ? Command(
        .createFile,
        ["path": .string(path), "contents": .string(Data(text.utf8).base64EncodedString())])
      : Command(
        ["dd", "of=\(path)", "conv=excl,fsync", "status=none"], standardInput: CommandInput(text))
    let result = try await `operator`.run(command, on: host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "config.not_written", "\(path) on \(host.id) was not made: \(result.standardError)",
        advice: "see that its directory is there, and its permissions")
    }
  }

  func read(_ observer: any Observer) async throws -> Contents {
    let command: ReadOnlyCommand =
      host.isWindows ? .readBytes(path) : .readFile(path, limit: Self.limitBytes + 1)
    let result = try await observer.run(command, on: host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "config.unreadable", "\(path) on \(host.id) can't be read: \(result.standardError)",
        advice: "see that the file is there and that the account may read it")
    }
    let bytes =
      host.isWindows
      ? Array(Data(base64Encoded: result.standardOutput) ?? Data())
      : Array(result.standardOutput.utf8)
    guard bytes.count <= Self.limitBytes else {
      throw ActionError(
        "config.no_text", "\(path) on \(host.id) is larger than 64 KiB",
        advice: "change it by hand, between two gates")
    }
    // What was no UTF-8 has been replaced by a sign of its own by then.
    guard let contents = Contents(bytes), !contents.text.unicodeScalars.contains("\u{FFFD}") else {
      let encodings = host.isWindows ? "neither UTF-8 nor UTF-16 with its mark" : "not UTF-8"
      throw ActionError(
        "config.no_text", "\(path) on \(host.id) is \(encodings)",
        advice: "save it in UTF-8, or change it by hand, between two gates")
    }
    guard !contents.isMisnamed else {
      throw ActionError(
        "config.no_text", "\(path) on \(host.id) says that it is UTF-16, and is UTF-8",
        advice: "put its first line right: what reads it will refuse it")
    }
    return contents
  }

  func replace(
    _ old: Contents, by text: String, _ operator: any Operator
  ) async throws {
    let result = try await `operator`.run(
      command(replacing: old, by: Contents(text: text, encoding: old.encoding)), on: host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "config.not_written", "\(path) on \(host.id) was not changed: \(result.standardError)",
        advice:
          "see the permissions of its directory; run the step again when somebody else changed it")
    }
  }

  /// Both contents go by standard input: they may hold what isn't everybody's, and arguments can be read by others.
  private func command(replacing old: Contents, by new: Contents) -> Command {
    guard host.isWindows else {
      return Command(
        ["sh", "-c", Self.script, "sh", path, String(old.bytes.count), self.new, backup],
        standardInput: CommandInput(String(decoding: old.bytes + new.bytes, as: UTF8.self)))
    }
    return Command(
      .replaceFile,
      [
        "path": .string(path), "new": .string(self.new), "backup": .string(backup),
        "before": .string(Data(old.bytes).base64EncodedString()),
        "after": .string(Data(new.bytes).base64EncodedString()),
      ])
  }

  private static let script = """
    set -eu
    umask 077
    if [ -L "$1" ]; then
      echo 'it is a link, which would become a file: name what it leads to' >&2
      exit 1
    fi
    head -c "$2" >"$3"
    if ! cmp -s -- "$3" "$1"; then
      rm -f -- "$3"
      echo 'somebody has changed it since it was read' >&2
      exit 1
    fi
    cat >"$3"
    chmod --reference="$1" -- "$3"
    chown --reference="$1" -- "$3"
    cp -p -- "$1" "$4"
    sync -- "$3" "$4"
    mv -- "$3" "$1"
    """
}

extension ConfigFile.Contents: Equatable {}
