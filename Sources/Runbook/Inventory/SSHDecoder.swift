/// Decodes how a host is reached by ssh.
struct SSHDecoder {
  static let keys = [
    "kind", "to", "user", "port", "config", "connect_timeout", "silence_timeout",
  ]

  let decoder: NodeDecoder

  func settings(_ node: YAMLNode) -> SSHSettings? {
    guard let record = decoder.record(node, keys: Self.keys, "an ssh connection") else {
      return nil
    }
    let destination = record.required(
      "to", hint: "the host as ssh is told it: an alias, a name or an address"
    )
    .flatMap { word($0, "the host as ssh is told it") }
    let user = record["user"].flatMap { word($0, "an account") }
    let port = record["port"].flatMap { decoder.integer($0, in: 1...65_535) }
    let configuration = record["config"].flatMap(decoder.absolutePath)
    let connect = record["connect_timeout"].flatMap(decoder.duration)
    let silence = record["silence_timeout"].flatMap(decoder.duration)
    guard let destination else { return nil }
    return SSHSettings(
      destination: destination, user: user, port: port, configuration: configuration,
      connectTimeout: connect ?? SSHSettings.defaultConnectTimeout,
      silenceTimeout: silence ?? SSHSettings.defaultSilenceTimeout)
  }

  /// What ssh could take for an option, or for a user at a host, is refused.
  private func word(_ node: YAMLNode, _ expected: String) -> String? {
    guard let text = decoder.nonEmptyString(node, expected) else { return nil }
    let isPlain =
      !text.hasPrefix("-")
      && !text.contains { $0.isWhitespace || $0 == "@" || $0.isASCII && $0 < " " }
    guard isPlain else {
      decoder.diagnostics.error(
        .badValue, at: node.position, "\(Quoted.text(text)) can't be \(expected)",
        hint: "it must not start with '-', nor hold blanks or '@'; the account stands under 'user'")
      return nil
    }
    return text
  }
}
