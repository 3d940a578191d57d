import Runbook

/// The resource that jobs need to start. With none to give, no job that needs it starts.
struct MaintenanceWindow: Sendable {
  static let quantity = "quantity_available"
  static let resource = "maintenance_resource"

  static let facts: [ActionSchema.Note] = [
    .init(quantity, "how many the resource has to give"),
    .init(resource, "the resource as the server holds it, as JSON", motion: .moves),
  ]

  let server: SchedulerServer
  private let settings: SchedulerREST.MaintenanceWindow

  init(_ arguments: Arguments) throws {
    server = try SchedulerServer(arguments)
    guard let settings = server.rest.maintenanceWindow else {
      throw ActionError(
        "inventory.no_maintenance_window",
        "step \(arguments.step): the inventory doesn't say where \(server.host.id) has its maintenance window",
        advice: "add 'maintenance_window: { path: …, quantity: … }' to the host's 'rest'")
    }
    self.settings = settings
  }

  private var subject: String { "window:\(settings.resource)@\(server.host.id)" }
  var quantityKey: FactKey { FactKey(subject, Self.quantity) }
  private var resourceKey: FactKey { FactKey(subject, Self.resource) }
  /// "the resource MaintenanceWindow of production.scheduler"
  var words: String { "the resource \(settings.resource) of \(server.host.id)" }

  private func path(_ template: String) -> String {
    template.replacing(
      SchedulerREST.MaintenanceWindow.placeholder,
      with: SchedulerServer.escaped(settings.resource))
  }

  // MARK: - Looking

  func observe(_ observer: any Observer) async throws -> Observation {
    do {
      let seen = try await read(observer)
      return Observation([
        Fact(subject, Self.quantity, .integer(seen.quantity)),
        Fact(subject, Self.resource, .string(seen.resource)),
      ])
    } catch {
      let gap = try Reading(gapFrom: error)
      return Observation([Fact(subject, Self.quantity, gap), Fact(subject, Self.resource, gap)])
    }
  }

  private func read(
    _ observer: any Observer
  ) async throws -> (quantity: Int, resource: String) {
    let path = path(settings.path)
    let answer = try await server.read(path, observer)
    guard let quantity = answer.record?[settings.quantityField]?.integer else {
      throw server.unexpected(path, "no whole number as \(settings.quantityField)")
    }
    let resource = try answer.json()
    // It is put back as it was read.
    guard !resource.contains(Redactor.blot) else {
      throw ActionError(
        "rest.secret_in_resource", "\(words) holds a text that is also a secret of the inventory",
        advice: "change that secret")
    }
    return (quantity, resource)
  }

  func quantity(in observation: Observation) -> Int? {
    observation[subject, Self.quantity]?.integer
  }

  func gap(in observation: Observation) -> String? {
    observation.firstGap([quantityKey, resourceKey])
  }

  func prediction(of quantity: Int) -> Observation {
    Observation([Fact(subject, Self.quantity, .integer(quantity))])
  }

  // MARK: - Acting

  /// Nil where it can't be said what would be sent.
  private func request(setting quantity: Int, in observation: Observation) -> HTTPRequest? {
    guard let text = observation[subject, Self.resource]?.string,
      var resource = RESTValue(json: text)?.record
    else { return nil }
    resource[settings.quantityField] = .integer(quantity)
    guard let body = try? RESTValue.record(resource).json() else { return nil }
    return server.request("PUT", path(settings.updatePath), body: body)
  }

  func operations(setting quantity: Int, given observation: Observation) -> [Operation] {
    guard self.quantity(in: observation) != quantity else { return [] }
    return [
      request(setting: quantity, in: observation).map { Operation(.request($0)) }
        ?? Operation(.untold("puts \(words) back with another quantity"))
    ]
  }

  /// The resource is put as a whole: what somebody changed in it meanwhile must not be lost.
  func set(
    _ quantity: Int, _ operator: any Operator, given observation: Observation
  ) async throws -> Evidence {
    let now = try await read(`operator`.observer)
    guard now.quantity != quantity else { return Evidence(["sent": false]) }
    guard now.resource == observation[subject, Self.resource]?.string,
      let request = request(setting: quantity, in: observation)
    else {
      throw ActionError(
        "rest.changed_meanwhile", "somebody has changed \(words) since it was looked at",
        advice: "see who works on it, and resume")
    }
    var evidence = try await server.send(request, `operator`)
    evidence.details["before"] = .integer(now.quantity)
    return evidence
  }
}
