/// Somebody who gets a copy of each checkpoint of the journal: whoever rewrites the journal can't rewrite these.
public struct Witness: Sendable, Hashable, Codable {
  public enum Place: Sendable, Hashable, Codable {
    /// A directory that this machine reaches, as on a share. It must exist.
    case path(directory: String)
    /// Gets the checkpoint by POST, and gives the last one by GET.
    case http(url: String, authorization: SecretReference?)
    /// Gets the checkpoint on its standard input, on this machine.
    case command([String])
  }

  public let name: String
  public let place: Place

  public init(name: String, place: Place) {
    self.name = name
    self.place = place
  }
}

/// Decodes the witnesses of an inventory.
struct WitnessDecoder {
  enum Kind: String, CaseIterable { case path, http, command }

  let decoder: NodeDecoder

  func witnesses(_ node: YAMLNode) -> [Witness] {
    (decoder.pairs(node, "a mapping of witnesses by name") ?? []).compactMap { pair in
      guard decoder.checkName(pair.key, at: pair.keyPosition, "the name of a witness"),
        let place = place(pair.value)
      else { return nil }
      return Witness(name: pair.key, place: place)
    }
  }

  private func place(_ node: YAMLNode) -> Witness.Place? {
    guard let pairs = decoder.pairs(node, "a witness: a mapping with the key 'kind'") else {
      return nil
    }
    let kind = pairs.first { $0.key == "kind" }.flatMap {
      decoder.choice($0.value, of: Kind.self)
    }
    let own: [String] =
      switch kind {
      case .path: ["directory"]
      case .http: ["url", "authorization"]
      case .command: ["command"]
      case nil: ["directory", "url", "authorization", "command"]
      }
    guard let record = decoder.record(node, keys: ["kind"] + own, "a witness"),
      record.required("kind", hint: "as in kind: path") != nil
    else { return nil }
    switch kind {
    case .path:
      return record.required("directory").flatMap(decoder.absolutePath).map {
        .path(directory: $0)
      }
    case .http: return http(record)
    case .command:
      return record.required("command")
        .flatMap { decoder.strings($0, "a program and its arguments, as a list") }
        .map { .command($0) }
    case nil: return nil
    }
  }

  private func http(_ record: RecordNode) -> Witness.Place? {
    let authorization = record["authorization"].map(decoder.secret)
    guard let node = record.required("url"), let url = decoder.nonEmptyString(node, "a URL") else {
      return nil
    }
    guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
      decoder.diagnostics.error(
        .badValue, at: node.position, "\(Quoted.text(url)) is no URL of a web server",
        hint: "start it with https://")
      return nil
    }
    if case .some(nil) = authorization { return nil }
    return .http(url: url, authorization: authorization ?? nil)
  }
}
