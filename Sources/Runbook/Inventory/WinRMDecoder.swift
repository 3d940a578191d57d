/// Decodes how a host is reached by WinRM.
struct WinRMDecoder {
  static let keys = ["kind", "url", "address", "user", "password", "authentication", "ca"]

  let decoder: NodeDecoder

  func settings(_ node: YAMLNode) -> WinRMSettings? {
    guard let record = decoder.record(node, keys: Self.keys, "a winrm connection") else {
      return nil
    }
    let url = self.url(record)
    let authentication = record.required(
      "authentication", hint: "basic, ntlm, or negotiate (Kerberos)"
    )
    .flatMap { decoder.choice($0, of: WinRMSettings.Authentication.self) }
    let authority = record["ca"].flatMap(decoder.absolutePath)
    guard let authentication else { return nil }
    let login = self.login(record, by: authentication)
    guard let url, let login else { return nil }
    return WinRMSettings(
      url: url, authentication: authentication, user: login.user, password: login.password,
      authority: authority)
  }

  private func url(_ record: RecordNode) -> String? {
    if let node = record["url"] {
      if let position = record.keyPosition(of: "address") {
        decoder.diagnostics.error(
          .unknownKey, at: position, "a winrm connection has either 'url' or 'address'",
          hint: "remove 'address'")
      }
      return decoder.nonEmptyString(node, "a URL").flatMap { checked($0, at: node) }
    }
    return record.required("address", hint: "the name in the host's certificate").flatMap { node in
      decoder.nonEmptyString(node, "a name or address").flatMap {
        let host = $0.contains(":") ? "[\($0)]" : $0
        return checked("https://\(host):\(WinRMSettings.defaultPort)/wsman", at: node)
      }
    }
  }

  /// A name and password in a URL would be shown wherever the URL is.
  private func checked(_ url: String, at node: YAMLNode) -> String? {
    guard
      url.wholeMatch(of: /https:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?\/[\w\/.-]*/)
        != nil
    else {
      decoder.diagnostics.error(
        .badValue, at: node.position, "that can't be where WinRM listens",
        hint: "only HTTPS is spoken, as https://dr-1.example:5986/wsman; the account stands under "
          + "'user'")
      return nil
    }
    return url
  }

  private func login(
    _ record: RecordNode, by authentication: WinRMSettings.Authentication
  ) -> (user: String?, password: SecretReference?)? {
    if authentication == .negotiate {
      for key in ["user", "password"] where record[key] != nil {
        decoder.diagnostics.error(
          .unknownKey, at: record.keyPosition(of: key),
          "Kerberos lets in by a ticket, which needs no '\(key)'",
          hint: "remove '\(key)', and let kinit or a keytab bring the ticket")
      }
      return (nil, nil)
    }
    let user = record.required("user", hint: "as lifeboat, or EXAMPLE\\lifeboat")
      .flatMap { decoder.nonEmptyString($0, "an account") }
    let password = record.required("password", hint: "as env:WINDOWS_PASSWORD")
      .flatMap(decoder.secret)
    guard let user, let password else { return nil }
    return (user, password)
  }
}
