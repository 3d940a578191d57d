/// Decodes what an inventory says of a drill's place.
struct DrillDecoder {
  static let keys = ["database", "directory", "server"]
  static let serverKeys = ["address", "port", "service", "account"]

  let decoder: NodeDecoder

  func drill(_ node: YAMLNode) -> DrillPlace? {
    guard let record = decoder.record(node, keys: Self.keys, "a drill") else { return nil }
    let database = record.required("database", hint: "the database that is copied, as scheduler")
      .flatMap { decoder.nonEmptyString($0, "the name of a database") }
    let directory = record.required(
      "directory", hint: "what a drill makes is put there, and removed"
    )
    .flatMap(decoder.absolutePath)
    let server = record["server"].flatMap(self.server)
    guard let database, let directory else { return nil }
    return DrillPlace(database: database, directory: directory, server: server)
  }

  private func server(_ node: YAMLNode) -> DrillServer? {
    guard let record = decoder.record(node, keys: Self.serverKeys, "a drill's server") else {
      return nil
    }
    let address = record.required("address", hint: "where Lifeboat reaches the drill's server")
      .flatMap { decoder.nonEmptyString($0, "a name or address") }
    let port = record.required("port", hint: "another than the real server's, as 5433")
      .flatMap { decoder.integer($0, in: 1...65_535) }
    let service = record.required("service", hint: "as lifeboat-drill-postgresql")
      .flatMap { decoder.nonEmptyString($0, "the name of a service") }
    let account = record.required("account", hint: "the account that all of a drill runs as")
      .flatMap { decoder.nonEmptyString($0, "an account") }
    if let service, !ScalarSyntax.isServiceName(service) {
      decoder.diagnostics.error(
        .badName, at: node.position, "\(Quoted.text(service)) can't be the name of a service",
        hint: "it must not start with '-' or hold control characters")
    }
    guard let address, let port, let service, let account else { return nil }
    return DrillServer(address: address, port: port, service: service, account: account)
  }
}
