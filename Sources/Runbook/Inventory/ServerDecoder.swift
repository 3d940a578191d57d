/// Decodes what a networked database says of its servers: once for all copies, and what differs at a copy.
struct ServerDecoder {
  static let databaseKeys = ["database", "port", "driver", "tls", "observe", "operate", "server"]
  static let commonPlacementKeys = ["host", "address", "port", "server"]
  static let shippingKeys = ["backup_directory", "backup_share", "copy_directory"]
  static let installationKeys = [
    "service", "account", "data_directory", "program_directory", "configuration_directory",
  ]

  let decoder: NodeDecoder
  let kind: Database.Kind
  let replication: Database.Replication?
  let database: RecordNode

  private var shipsLog: Bool { kind == .sqlserver && replication?.kind == .logShipping }
  var placementKeys: [String] { Self.commonPlacementKeys + (shipsLog ? ["log_shipping"] : []) }

  /// The server of the copy that `placement` describes.
  func server(_ placement: RecordNode) -> DatabaseServer? {
    let address = placement.required("address", hint: "the name or address that clients connect to")
      .flatMap { decoder.nonEmptyString($0, "a name or address") }
    let port = (placement["port"] ?? database["port"])
      .flatMap { decoder.integer($0, in: 1...65_535) }
    let name = database.required("database", hint: "the database's name on the server")
      .flatMap { decoder.nonEmptyString($0, "a database's name") }
    let driver = database["driver"].flatMap {
      decoder.nonEmptyString($0, "an ODBC driver, by its file or its name in odbcinst.ini")
    }
    let tls = database["tls"].flatMap(self.tls) ?? DatabaseServer.TLS()
    let observer = database.required("observe", hint: "the account that probes look with")
      .flatMap(login)
    let `operator` = database.required("operate", hint: "the account that acts change things with")
      .flatMap(login)
    let installation = self.installation(placement)
    let shipping = shipsLog ? self.shipping(placement) : nil
    guard let address, let name, let observer, let `operator`, let installation,
      shipping != nil || !shipsLog
    else { return nil }
    return DatabaseServer(
      address: address, port: port ?? kind.defaultPort, database: name, driver: driver,
      tls: tls, observer: observer, operator: `operator`, installation: installation,
      shipping: shipping)
  }

  private func shipping(_ placement: RecordNode) -> DatabaseServer.ShippingPlaces? {
    let node = placement.required(
      "log_shipping", hint: "where its log goes: { backup_directory, backup_share, copy_directory }"
    )
    guard let node, let record = decoder.record(node, keys: Self.shippingKeys, "a log_shipping")
    else { return nil }
    let hints = [
      "where this server, as the primary, writes backups of its log",
      "the same directory, as the other servers reach it",
      "where this server, as a secondary, copies the primary's backups to",
    ]
    let places = zip(Self.shippingKeys, hints).map { key, hint in
      record.required(key, hint: hint).flatMap(decoder.absolutePath)
    }
    guard let backup = places[0], let share = places[1], let copy = places[2] else { return nil }
    return DatabaseServer.ShippingPlaces(
      backupDirectory: backup, backupShare: share, copyDirectory: copy)
  }

  private func tls(_ node: YAMLNode) -> DatabaseServer.TLS? {
    guard let record = decoder.record(node, keys: ["mode", "ca"], "a tls") else { return nil }
    let mode = record["mode"].flatMap { decoder.choice($0, of: DatabaseServer.TLS.Mode.self) }
    return DatabaseServer.TLS(
      mode: mode ?? .verifyFull, authority: record["ca"].flatMap(decoder.absolutePath))
  }

  private func login(_ node: YAMLNode) -> DatabaseServer.Login? {
    guard let record = decoder.record(node, keys: ["user", "password"], "a login") else {
      return nil
    }
    let user = record.required("user").flatMap { decoder.nonEmptyString($0, "an account") }
    let password = record["password"].flatMap(decoder.secret)
    return user.map { DatabaseServer.Login(user: $0, password: password) }
  }

  private func installation(_ placement: RecordNode) -> DatabaseServer.Installation? {
    guard let node = merged(placement["server"], over: database["server"]) else {
      _ = database.required("server", hint: "what runs it: { service: …, data_directory: … }")
      return nil
    }
    guard let record = decoder.record(node, keys: Self.installationKeys, "a server") else {
      return nil
    }
    let service = record.required("service", hint: "as postgresql@15-main")
      .flatMap { decoder.nonEmptyString($0, "the name of a service") }
    let account = record["account"].flatMap { decoder.nonEmptyString($0, "an account") }
    let data = record.required("data_directory", hint: "where its data is, on the host")
      .flatMap(decoder.absolutePath)
    let programs = record["program_directory"].flatMap(decoder.absolutePath)
    let configuration = record["configuration_directory"].flatMap(decoder.absolutePath)
    guard let service, let data else { return nil }
    return DatabaseServer.Installation(
      service: service, account: account ?? kind.defaultAccount, dataDirectory: data,
      programDirectory: programs,
      configurationDirectory: configuration ?? kind.defaultConfigurationDirectory)
  }

  /// A key at the copy goes before the same key of the whole database.
  private func merged(_ own: YAMLNode?, over common: YAMLNode?) -> YAMLNode? {
    guard case .mapping(let ownPairs)? = own?.content,
      case .mapping(let commonPairs)? = common?.content
    else { return own ?? common }
    let rest = commonPairs.filter { pair in !ownPairs.contains { $0.key == pair.key } }
    return own.map { YAMLNode(content: .mapping(ownPairs + rest), position: $0.position) }
  }
}

extension Database.Kind {
  fileprivate var defaultPort: Int {
    switch self {
    case .mariadb: 3306
    case .sqlserver: 1433
    case .postgresql, .sqlite: 5432
    }
  }
  /// As Debian has it.
  fileprivate var defaultConfigurationDirectory: String? {
    self == .mariadb ? "/etc/mysql/mariadb.conf.d" : nil
  }
  fileprivate var defaultAccount: String {
    switch self {
    case .mariadb: "mysql"
    case .sqlserver: #"NT SERVICE\MSSQLSERVER"#
    case .postgresql, .sqlite: "postgres"
    }
  }
}
