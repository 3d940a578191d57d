import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

/// A service's state, as facts spell it.
enum ServiceState: String, Sendable {
  case running, stopped, starting, stopping, failed

  /// No process of it is alive.
  var isDown: Bool { self == .stopped || self == .failed }
}

/// Asks a host's service manager what its services do.
struct ServiceFacts: Sendable {
  let host: Host
  let services: [String]

  /// What the manager's reading command prints, an array of these.
  private struct Report: Decodable {
    let name: String
    let state: String
    let startType: String

    enum CodingKeys: String, CodingKey {
      case name, state
      case startType = "start_type"
    }
  }

  /// State and start type of each service; gaps where the host can't be asked.
  func observe(_ observer: any Observer) async throws -> [Fact] {
    guard !services.isEmpty else { return [] }
    do {
      let reports = try await show(observer)
      return services.flatMap { facts(of: $0, in: reports) }
    } catch {
      let gap = try Reading(gapFrom: error)
      return services.flatMap { service in
        [FactName.serviceState, FactName.startType].map {
          Fact(host.subject(ofService: service), $0, gap)
        }
      }
    }
  }

  private func show(_ observer: any Observer) async throws -> [Report] {
    let result = try await observer.run(
      .showServices(services, of: try ServiceControl.manager(of: host)), on: host)
    guard result.exitCode == 0 else {
      throw ServiceControl.error(
        result, host: host, doing: "show \(services.joined(separator: ", "))")
    }
    do {
      return try JSONDecoder().decode([Report].self, from: Data(result.standardOutput.utf8))
    } catch {
      throw ActionError(
        "service.answer", "the service manager of \(host.id) answered something unreadable",
        advice: "see 'control' in the inventory: it must print a JSON array")
    }
  }

  private func facts(of service: String, in reports: [Report]) -> [Fact] {
    let subject = host.subject(ofService: service)
    guard let report = reports.first(where: { $0.name == service }) else {
      let gap = Reading.unknown("the service manager of \(host.id) said nothing of \(service)")
      return [
        Fact(subject, FactName.serviceState, gap), Fact(subject, FactName.startType, gap),
      ]
    }
    return [
      Fact(subject, FactName.serviceState, .string(report.state)),
      Fact(subject, FactName.startType, .string(report.startType)),
    ]
  }
}

extension Observation {
  /// Nil when it isn't known, or is no state that is known here.
  func serviceState(_ service: String, on host: Host) -> ServiceState? {
    self[host.subject(ofService: service), FactName.serviceState]?.string
      .flatMap(ServiceState.init(rawValue:))
  }

  func startType(_ service: String, on host: Host) -> String? {
    self[host.subject(ofService: service), FactName.startType]?.string
  }
}
