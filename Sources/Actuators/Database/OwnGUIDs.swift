import Runbook

import struct Foundation.Data
import class Foundation.NSObject
import class FoundationXML.XMLParser
import protocol FoundationXML.XMLParserDelegate

/// Reads the GUIDs that the schedulers on hosts run under.
struct OwnGUIDs: Sendable {
  let hosts: [Host]

  init(hosts: [Host]) { self.hosts = hosts }

  /// Those of a site's schedulers: more than one where a pair shares a database.
  init(of site: String, in inventory: Inventory) {
    hosts = inventory.schedulers(at: site)
  }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    try await hosts.concurrentFacts { host in
      do {
        return [Fact(host.id, FactName.ownGUID, .string(try await read(host, observer)))]
      } catch {
        return [Fact(host.id, FactName.ownGUID, try Reading(gapFrom: error))]
      }
    }
  }

  private func read(_ host: Host, _ observer: any Observer) async throws -> String {
    switch host.guid {
    case .value(let guid): return guid
    case .file(let path, let element):
      let result = try await observer.run(.readText(path, on: host), on: host)
      guard result.exitCode == 0 else {
        throw ActionError(
          "guid.unreadable", "\(path) on \(host.id) can't be read: \(result.standardError)",
          advice: "see 'guid' in the inventory")
      }
      guard let guid = FirstElement(element).text(in: result.standardOutput) else {
        throw ActionError(
          "guid.missing", "\(path) on \(host.id) has no readable element '\(element)'",
          advice: "see the file, and 'guid' in the inventory")
      }
      return guid
    case nil:
      throw ActionError("guid.undefined", "the inventory gives no guid for \(host.id)")
    }
  }
}

/// The text of the first element of a name in an XML document, without its blanks.
struct FirstElement {
  let name: String

  init(_ name: String) { self.name = name }

  /// Nil when there is none, when it is empty, or when the document is malformed. A document type declaration is refused:
  /// configuration needs none, and entities are a way to make a small file large.
  func text(in document: String) -> String? {
    guard !document.contains("<!DOCTYPE") else { return nil }
    let parser = XMLParser(data: Data(document.utf8))
    parser.shouldResolveExternalEntities = false
    let collector = Collector(name)
    parser.delegate = collector
    // The parser takes a document that ends in the middle for a whole one.
    guard parser.parse(), collector.depth == 0 else { return nil }
    let text = collector.text.filter { !$0.isWhitespace }
    return text.isEmpty ? nil : text
  }

  private final class Collector: NSObject, XMLParserDelegate {
    private let name: String
    private var isInside = false
    private var isDone = false
    private(set) var text = ""
    /// How many elements are open.
    private(set) var depth = 0

    init(_ name: String) { self.name = name }

    func parser(
      _ parser: XMLParser, didStartElement element: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      depth += 1
      if element == name, !isDone { isInside = true }
    }

    func parser(_ parser: XMLParser, foundCharacters characters: String) {
      if isInside { text += characters }
    }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
      if isInside { text += String(decoding: block, as: UTF8.self) }
    }

    func parser(
      _ parser: XMLParser, didEndElement element: String, namespaceURI: String?,
      qualifiedName: String?
    ) {
      depth -= 1
      guard element == name, isInside else { return }
      isInside = false
      isDone = true
    }
  }
}
