import ArgumentParser
import Engine
import Runbook

/// Sites that a rehearsal takes for lost.
struct AssumeLostOptions: ParsableArguments {
  @Option(
    name: .customLong("assume-lost"),
    help: ArgumentHelp(
      "Judge the runbook as if this site were lost: nothing there is asked. May be repeated.",
      discussion: "At the end it lists what on the surviving path still points at the site.",
      valueName: "site"))
  var sites: [String] = []

  /// Nil when no site is. Throws `InputError` for a site that the inventory doesn't have, and when none would be left.
  func loss(for loaded: LoadedPlan) throws -> AssumedLoss? {
    guard !sites.isEmpty else { return nil }
    let known = loaded.plan.sites
    if let unknown = sites.first(where: { !known.contains($0) }) {
      throw InputError(
        "input.unknown_site", "--assume-lost \(unknown): the inventory has no such site",
        advice: "it has \(known.joined(separator: ", "))")
    }
    guard Set(sites).count < known.count else {
      throw InputError(
        "input.no_site_left", "--assume-lost: no site would be left",
        advice: "leave the site out that is to take over")
    }
    return AssumedLoss(of: Set(sites), in: loaded.plan, from: try loaded.sources())
  }
}
