import Runbook
import Testing

@testable import Actuators

/// What actions say of how they are undone, from what was seen before.
struct UndoTests {
  private let host = Host(
    site: "production", name: "web", connection: .local,
    serviceManager: .process(control: ["control"], directory: "/d"),
    services: ["db", "cache", "web"])

  private func seen(_ services: [(String, String, String)]) -> Observation {
    var observation = Observation()
    for (name, state, startType) in services {
      observation.state(host.subject(ofService: name), FactName.serviceState, .string(state))
      observation.state(host.subject(ofService: name), FactName.startType, .string(startType))
    }
    return observation
  }

  private func make<A: Action>(
    _ type: A.Type, on host: Host, _ values: [String: Value] = [:]
  ) throws -> A {
    try A(
      Arguments(
        values, on: .host(host),
        in: Inventory(sites: [Site(name: "production", hosts: [host])])))
  }

  /// `service.start automatic: db, cache`
  private func told(_ steps: [UndoStep]?) -> [String]? {
    steps?.map { step in
      let services = step.arguments["services"]?.list?.map(\.description) ?? []
      return
        "\(step.action) \(step.arguments["start_type"]?.description ?? ""): \(services.joined(separator: ", "))"
    }
  }

  private func undo(_ action: some ActingAction, _ before: Observation) -> [String]? {
    told(action.undo(restoring: before, from: Observation()))
  }

  @Test("services that ran are started, with the start types that they had")
  func stopped() throws {
    let stop = try make(ServiceStop.self, on: host)
    #expect(stop.undoability == .exact(by: "service.start"))
    let running = ["db", "cache", "web"].map { ($0, "running", "automatic") }
    #expect(undo(stop, seen(running)) == ["service.start automatic: db, cache, web"])
    let mixed = [
      ("db", "running", "automatic"), ("cache", "stopped", "automatic"),
      ("web", "running", "manual"),
    ]
    #expect(
      undo(stop, seen(mixed)) == [
        "service.start automatic: db", "service.stop automatic: cache",
        "service.start manual: web",
      ])
  }

  @Test("what was down and disabled already is left alone, and `keep` stays `keep`")
  func unchanged() throws {
    let down = ["db", "cache", "web"].map { ($0, "stopped", "disabled") }
    #expect(undo(try make(ServiceStop.self, on: host), seen(down)) == [])
    let keeping = try make(ServiceStop.self, on: host, ["start_type": "keep"])
    let running = ["db", "cache", "web"].map { ($0, "running", "automatic") }
    #expect(undo(keeping, seen(running)) == ["service.start keep: db, cache, web"])
  }

  @Test("what isn't known, or was on its way, can't be brought back")
  func notKnown() throws {
    let stop = try make(ServiceStop.self, on: host)
    #expect(undo(stop, Observation()) == nil)
    for state in ["starting", "stopping"] {
      let moving = [
        ("db", state, "automatic"), ("cache", "running", "automatic"),
        ("web", "running", "automatic"),
      ]
      #expect(undo(stop, seen(moving)) == nil, "\(state)")
    }
  }

  @Test("services of others that go down too: nobody knows what to start again")
  func dependants() throws {
    let stop = try make(ServiceStop.self, on: host, ["services": ["db"]])
    var before = seen([("db", "running", "automatic")])
    #expect(undo(stop, before) == ["service.start automatic: db"])
    before.state(host.subject(ofService: "db"), FactName.dependants, ["other.service"])
    #expect(undo(stop, before) == nil)
  }

  @Test("what was started is stopped again, in the reverse order; but not a scheduler")
  func started() throws {
    let start = try make(ServiceStart.self, on: host)
    let before = [
      ("db", "running", "automatic"), ("cache", "stopped", "disabled"),
      ("web", "stopped", "manual"),
    ]
    #expect(
      undo(start, seen(before)) == [
        "service.stop manual: web", "service.stop disabled: cache",
      ])
    let scheduler = Host(
      site: "production", name: "scheduler", connection: .local,
      serviceManager: host.serviceManager, services: host.services,
      guid: .file(path: "/f", element: "E"))
    let stop = try make(ServiceStop.self, on: scheduler)
    #expect(stop.undoability == .exact(by: "service.start"))
  }
}
