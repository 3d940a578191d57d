import Actuators
import ArgumentParser
import Engine
import Foundation
import Journal
import Runbook

/// The inventory, for commands that may do without one.
struct InventoryOption: ParsableArguments {
  @Option(
    name: [.short, .long],
    help:
      "The inventory, a YAML file. Default: $LIFEBOAT_SITES, else sites.yaml here, if there is one.",
    completion: .file(extensions: ["yaml", "yml"]))
  var sites: String?

  /// Those that it names; none when there is no inventory and none was asked for. Throws `Diagnostics`.
  func witnesses() throws -> [Witness] {
    let file = sites ?? RunbookOptions.defaultInventory
    guard sites != nil || FileManager.default.fileExists(atPath: file) else { return [] }
    return try Inventory(reading: SourceText(contentsOf: file)).witnesses
  }
}

extension ReadingWiring {
  /// What was signed here for this journal, the smallest first.
  func checkpoints() async throws -> [SignedCheckpoint] {
    let origins = Set(try await journal.keyHistory().links.map(\.key.name))
    return try origins.flatMap {
      try CheckpointFolder.own(home: Home().directory).checkpoints(of: $0).checkpoints
    }.sorted { $0.head.size < $1.head.size }
  }

  /// The journal's own checkpoints, and the witnesses' copies at `places`.
  func sources(
    _ places: [String], inventory: InventoryOption, pinned: [VerifierKey]
  ) async throws -> [CheckpointSource] {
    // Of a journal that can't be read its keys aren't known: only what is given then.
    let named = (try? await journal.keyHistory().links.map(\.key.name)) ?? []
    let origins = Set(named + pinned.map(\.name))
    var sources = try own(origins)
    for place in places {
      sources.append(try await copies(at: place, inventory, of: origins))
    }
    return sources
  }

  private func own(_ origins: Set<String>) throws -> [CheckpointSource] {
    let folder = CheckpointFolder.own(home: Home().directory)
    let kept = try origins.map { try folder.checkpoints(of: $0) }
    return [
      CheckpointSource(
        name: "this machine", checkpoints: kept.flatMap(\.checkpoints),
        unreadable: kept.flatMap(\.unreadable), isWitness: false)
    ]
  }

  private func copies(
    at place: String, _ inventory: InventoryOption, of origins: Set<String>
  ) async throws -> CheckpointSource {
    let found = try await notes(at: place, inventory)
    let ours = found.checkpoints.filter { origins.contains($0.checkpoint.origin) }
    // A witness may keep the copies of several journals.
    return CheckpointSource(
      name: place, checkpoints: ours, unreadable: found.unreadable, isWitness: true)
  }

  private func notes(
    at place: String, _ inventory: InventoryOption
  ) async throws -> (checkpoints: [SignedCheckpoint], unreadable: [String]) {
    if place.hasPrefix("https://") || place.hasPrefix("http://") {
      return try await last(at: place, nil)
    }
    if FileManager.default.fileExists(atPath: place) {
      return try CheckpointFolder.found(at: place)
    }
    let witnesses = try inventory.witnesses()
    guard let witness = witnesses.first(where: { $0.name == place }) else {
      throw InputError(
        "input.unknown_witness",
        "--witness \(place) is neither a file or directory, nor a URL, nor a witness of the inventory",
        advice: witnesses.isEmpty
          ? "the inventory names none" : "it names \(witnesses.map(\.name).joined(separator: ", "))"
      )
    }
    switch witness.place {
    case .path(let directory): return try CheckpointFolder.found(at: directory)
    case .http(let url, let authorization): return try await last(at: url, authorization)
    case .command:
      throw InputError(
        "input.unreadable_witness", "the witness \(place) is a command, which gives nothing back",
        advice: "fetch its copies, and name their file or directory")
    }
  }

  private func last(
    at url: String, _ authorization: SecretReference?
  ) async throws -> (checkpoints: [SignedCheckpoint], unreadable: [String]) {
    guard
      let note = try await WitnessChannel(time: SystemTime(), redactor: Redactor())
        .last(at: url, authorization: authorization, within: .seconds(10))
    else { return ([], []) }
    return SignedCheckpoint(note).map { ([$0], []) } ?? ([], [url])
  }
}
