/// What a drill at a host works on.
public struct DrillPlace: Sendable, Hashable, Codable {
  /// Of this database, the copy at the host's site is copied.
  public let database: String
  /// Holds all that a drill makes, and is there only for as long as one is under way.
  public let directory: String
  /// What serves the throw-away copy; nil when that is a file.
  public let server: DrillServer?

  public init(database: String, directory: String, server: DrillServer? = nil) {
    self.database = database
    self.directory = directory
    self.server = server
  }

  /// The throw-away copy, where it is one file.
  public var file: String { "\(directory)/\(database).sqlite" }

  /// Its data, where it has a server.
  public var dataDirectory: String { "\(directory)/data" }

  /// Where the throw-away copy is, as the copy that it is made of says: its accounts and their passwords are copied with it.
  /// Nil when one of them is a file and the other has a server.
  func location(copying source: Database.Placement.Location) -> Database.Placement.Location? {
    switch (source, server) {
    case (.file, nil): .file(path: file)
    case (.server(let source), let own?):
      .server(
        settings: DatabaseServer(
          address: own.address, port: own.port, database: source.database, tls: source.tls,
          observer: source.observer, operator: source.operator,
          installation: DatabaseServer.Installation(
            service: own.service, account: own.account, dataDirectory: dataDirectory,
            programDirectory: source.installation.programDirectory)))
    default: nil
    }
  }
}

/// The server of a drill's throw-away copy.
public struct DrillServer: Sendable, Hashable, Codable {
  /// Where Lifeboat reaches it: the one way in, from which none leads out.
  public let address: String
  public let port: Int
  /// Its service, as the host's service manager names it.
  public let service: String
  /// The account that it, and the drill's scheduler, run as.
  public let account: String

  public init(address: String, port: Int, service: String, account: String) {
    self.address = address
    self.port = port
    self.service = service
    self.account = account
  }
}

extension Host {
  /// What runs during a drill here, in the order of starting: the copy's server first.
  public var drillServices: [String] { (drill?.server.map { [$0.service] } ?? []) + services }
}
