import Actuators
import Foundation
import Journal
import Runbook

/// Looks for secrets in entries and files. Says where one stands, never what it is.
struct LeakScan {
  /// Where a secret stands.
  struct Leak: Codable {
    let secret: String
    var entry: Int?
    var kind: String?
    var run: String?
    var step: String?
    /// The entry's member, as `body.evidence.stdout`.
    var member: String?
    var file: String?
    var line: Int?

    var text: String {
      if let file { return "\(file):\(line ?? 1): the secret '\(secret)'" }
      let place = [run, step].compactMap(\.self).joined(separator: " ")
      return "entry \(entry ?? 0) \(kind ?? "") \(place.isEmpty ? "" : "(\(place)) ")"
        + "\(member ?? ""): the secret '\(secret)'"
    }
  }

  /// A secret that couldn't be looked for.
  struct Missing {
    let reference: String
    let why: String
  }

  private var secrets: [SecretForms] = []
  private(set) var missing: [Missing] = []
  private(set) var entries = 0
  private(set) var count = 0

  var references: [String] { secrets.map(\.reference.description) }

  init(for references: [SecretReference], from resolver: SecretResolver) async throws {
    for reference in references {
      do {
        let secret = try await resolver.resolve(reference)
        if let forms = SecretForms(secret, of: reference) {
          secrets.append(forms)
        } else {
          missing.append(
            Missing(reference: reference.description, why: Redactor.Obstacle.tooShort.words))
        }
      } catch let error as ActionError {
        missing.append(Missing(reference: reference.description, why: error.message))
      }
    }
  }

  mutating func look(in entry: Entry) throws -> [Leak] {
    entries += 1
    let bytes = Array(try entry.json.canonical)
    let leaks = secrets.filter { !$0.places(in: bytes).isEmpty }.flatMap { secret in
      let members = Self.members(of: entry.json, at: "", with: secret)
      return (members.isEmpty ? ["the entry as a whole"] : members).map { member in
        Leak(
          secret: secret.reference.description, entry: entry.index, kind: entry.kind,
          run: entry.run, step: entry.step, member: member)
      }
    }
    count += leaks.count
    return leaks
  }

  mutating func look(inFile path: String) throws -> [Leak] {
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw InputError("input.file", "\(path) can't be read: \(error.localizedDescription)")
    }
    let leaks = secrets.flatMap { secret in
      let places = Set(secret.places(in: bytes).map(\.lowerBound))
      let lines = Set(places.map { place in 1 + bytes[..<place].count { $0 == 0x0A } })
      return lines.sorted().map {
        Leak(secret: secret.reference.description, file: path, line: $0)
      }
    }
    count += leaks.count
    return leaks
  }

  private static func members(
    of json: JSON, at path: String, with secret: SecretForms
  ) -> [String] {
    func holds(_ text: String) -> Bool { !secret.places(in: Array(text.utf8)).isEmpty }
    switch json {
    case .null, .boolean: return []
    case .integer, .number: return holds(json.description) ? [path] : []
    case .string(let text): return holds(text) ? [path] : []
    case .array(let elements):
      return elements.enumerated().flatMap { index, element in
        members(of: element, at: "\(path)[\(index)]", with: secret)
      }
    case .object(let object):
      return object.sorted { $0.key < $1.key }.flatMap { name, value in
        let isLeak = holds(name)
        let member = (path.isEmpty ? "" : path + ".") + (isLeak ? Redactor.blot : name)
        return (isLeak ? ["the name of \(member)"] : [])
          + members(of: value, at: member, with: secret)
      }
    }
  }
}
