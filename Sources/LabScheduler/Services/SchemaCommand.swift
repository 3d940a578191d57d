import ArgumentParser
import ODBC

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Create the scheduler's tables and jobs in an empty PostgreSQL or MariaDB database.",
    discussion: "The first copy that the configuration names must be the primary.")

  @Option(help: "The file with the database's settings: host.json.")
  var config: String

  @Option(help: "How often the most frequent job runs.")
  var jobInterval = Interval(milliseconds: 2000)

  func run() throws {
    let database = try DatabaseSettings.read(config)
    do {
      // Making tables takes longer than a row does on a machine that is busy.
      let connection = try ODBCConnection.openAndWait(
        database.connection(to: database.copies[0], statementTimeout: .seconds(30)))
      defer { connection.close() }
      try NetworkedSchema(kind: database.kind).create(connection, jobInterval: jobInterval)
    } catch let error as ODBCError {
      throw LabError(database: error)
    }
  }
}
