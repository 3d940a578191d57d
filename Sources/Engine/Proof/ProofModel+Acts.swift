import Runbook

/// What an act comes to in a world.
extension ProofModel {
  /// Whether an act would change nothing, also where every site answered.
  func isVoid(_ act: Int32, in world: Int32) -> Bool {
    let (act, world) = (self.act(act), self.world(world))
    guard let effect = act.effect else { return true }
    return act.rechecked.contains { world.facts[$0] != $1 }
      || effect.allSatisfy { world.facts[$0] == $1 }
  }

  /// Whether an act that is under way ended with the power of all the sites that it changes.
  func isOver(_ act: Int32, in world: Int32) -> Bool {
    let (act, world) = (self.act(act), self.world(world))
    let sites = Set((act.effect ?? [:]).keys.map { domain.site(of: $0.subject) })
    return !sites.isEmpty && steps[act.step].fenced.isEmpty
      && sites.allSatisfy { site in site.map { world.outages[$0] == .powerless } ?? false }
  }

  /// Nil when it can't take effect.
  func changed(_ world: ModelWorld, by act: Act) -> ModelWorld? {
    guard let effect = act.effect else { return nil }
    for (key, seen) in act.rechecked where world.facts[key] != seen { return nil }
    var result = world
    for (key, value) in effect where world.facts[key] != value {
      let isDark = domain.site(of: key.subject).map { world.outages[$0] != nil } ?? false
      if isDark && !steps[act.step].fenced.contains(key) { return nil }
      result.facts[key] = value
    }
    return result
  }
}
