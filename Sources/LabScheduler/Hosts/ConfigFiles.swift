import Foundation
import FoundationXML
import SystemPackage

/// `Server.config`: who this server is.
struct ServerConfig: Equatable, Sendable {
  let installedGuid: String

  init(installedGuid: String) {
    self.installedGuid = installedGuid
  }

  init(file: String) throws {
    let elements = try ElementReader.elements(of: file)
    guard let guid = elements["InstalledGUID"], !guid.isEmpty else {
      throw LabError(.invalidFile, "\(file): has no InstalledGUID")
    }
    installedGuid = guid
  }

  var xml: Data {
    Data("<ServerConfig><InstalledGUID>\(installedGuid)</InstalledGUID></ServerConfig>\n".utf8)
  }
}

/// `Failover.config`: the pair, the same on both hosts. Without a secondary there is no pair.
struct FailoverConfig: Equatable, Sendable {
  let primary: String
  let secondary: String
  let port: UInt16
  /// Between two heartbeats; written in seconds. The lab allows fractions.
  let interval: Interval

  init(primary: String, secondary: String, port: UInt16, interval: Interval) {
    self.primary = primary
    self.secondary = secondary
    self.port = port
    self.interval = interval
  }

  init(file: String) throws {
    let elements = try ElementReader.elements(of: file)
    func element(_ name: String) throws -> String {
      guard let text = elements[name] else {
        throw LabError(.invalidFile, "\(file): has no \(name)")
      }
      return text
    }
    primary = try element("Primary")
    secondary = try element("Secondary")
    guard let port = UInt16(try element("Port")), port > 0 else {
      throw LabError(.invalidFile, "\(file): Port is no port number")
    }
    self.port = port
    guard let interval = Interval(try element("Interval") + "s") else {
      throw LabError(.invalidFile, "\(file): Interval is no number of seconds above zero")
    }
    self.interval = interval
  }

  var xml: Data {
    let seconds = interval.seconds.formatted(
      .number.grouping(.never).locale(.init(identifier: "C")))
    return Data(
      """
      <FailoverConfig><Primary>\(primary)</Primary><Secondary>\(secondary)</Secondary>\
      <Port>\(port)</Port><Interval>\(seconds)</Interval></FailoverConfig>

      """.utf8)
  }
}

/// Reads the text of each element of a small XML file.
private final class ElementReader: NSObject, XMLParserDelegate {
  private var elements: [String: String] = [:]
  private var open: [String] = []

  static func elements(of file: String) throws -> [String: String] {
    let reader = ElementReader()
    let parser = XMLParser(data: try File.read(file))
    parser.delegate = reader
    guard parser.parse() else {
      throw LabError(.invalidFile, "\(file):\(parser.lineNumber): is no well-formed XML")
    }
    return reader.elements.mapValues { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    open.append(name)
    elements[name] = ""
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if let name = open.last { elements[name, default: ""] += text }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }
}
