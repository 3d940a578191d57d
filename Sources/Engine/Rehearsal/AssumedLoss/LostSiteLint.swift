import Journal
import Runbook

/// Finds what on the surviving path still points at the sites that are taken for lost: every text of the inventory that
/// isn't theirs, every step, and every fact that was seen at a surviving site is held against their names.
struct LostSiteLint: Sendable {
  typealias Pointer = LostSitePointers.Pointer

  let plan: Plan
  let catalogue: ActionCatalogue
  let loss: AssumedLoss

  private var inventory: Inventory { plan.inventory }
  private var names: LostNames { loss.names }

  /// `others`: looks at surviving places that no step of the runbook made.
  func pointers(after looks: [RehearsedLook], besides others: [RehearsedLook] = []) -> [Pointer] {
    var seen: Set<Pointer> = []
    let written = entrances + routes + texts + looks.flatMap(pointers(of:))
    return (written + seenPointers(in: others + looks)).filter { seen.insert($0).inserted }
  }

  // MARK: - The inventory

  /// Surviving hosts that are entered through a lost one.
  private var entrances: [Pointer] {
    survivingHosts.compactMap { host in
      guard case .exec(let prefix) = host.connection, let lost = names.entrance(in: prefix) else {
        return nil
      }
      let place = ["sites", host.site, "hosts", host.name, "connection", "through"]
      return pointer(
        InventoryArea.host, "\(host.id) is entered through \(lost)",
        at: loss.sources.position(ofInventory: place))
    }
  }

  /// Surviving hosts to which ssh gets by way of a lost site.
  private var routes: [Pointer] {
    survivingHosts.compactMap { host in
      let hops = loss.routes[host.id]?.hops ?? []
      let found = hops.lazy.compactMap { hop in
        names.mention(in: hop, isPlace: true).map { (hop, $0.meaning) }
      }.first
      return found.map { hop, meaning in
        pointer(
          InventoryArea.host,
          "ssh gets to \(host.id) by '\(hop)' (ssh -G), which names \(meaning)",
          at: loss.sources.position(
            ofInventory: ["sites", host.site, "hosts", host.name, "connection", "to"]))
      }
    }
  }

  private var texts: [Pointer] {
    loss.sources.inventoryTexts.compactMap { written in
      guard let area = InventoryArea(of: written.keys), !isOfLostSite(written.keys),
        !isWithinEntrance(written.keys), let mention = names.mention(in: written.text)
      else { return nil }
      let place = written.keys.joined(separator: ".")
      return pointer(
        area, "\(place) is '\(written.text)', which names \(mention.meaning)", at: written.position)
    }
  }

  private func pointer(
    _ area: InventoryArea, _ what: String, at position: SourcePosition?
  ) -> Pointer {
    Pointer(
      code: area.code, what: what, why: area.why, advice: area.advice,
      file: loss.sources.inventoryFile, line: position?.line, column: position?.column)
  }

  /// What describes a lost site may name it.
  private func isOfLostSite(_ keys: [String]) -> Bool {
    guard let owner = owner(of: keys) else { return false }
    return names.sites.contains(owner)
  }

  private func owner(of keys: [String]) -> String? {
    switch keys.first {
    case "sites" where keys.count > 1: keys[1]
    case "databases" where keys.count > 3 && keys[2] == "at": keys[3]
    case "paths" where keys.count > 3: inventory.host(keys[3])?.site
    default: nil
    }
  }

  /// Told as a whole already.
  private func isWithinEntrance(_ keys: [String]) -> Bool {
    guard keys.count > 5, keys[0] == "sites", keys[4] == "connection",
      case .exec(let prefix)? = inventory.host("\(keys[1]).\(keys[3])")?.connection
    else { return false }
    return names.entrance(in: prefix) != nil
  }

  private var survivingHosts: [Host] {
    inventory.hosts.filter { !names.sites.contains($0.site) }
  }

  // MARK: - The runbook

  private func pointers(of look: RehearsedLook) -> [Pointer] {
    let step = look.step
    guard look.outcome != .wouldSkip, let type = catalogue[step.action], type.schema.effect != .asks
    else { return [] }
    let isFence = type is any FencingAction.Type
    let references = step.references(by: type.schema)
    return needs(of: step, isFence: isFence, references).compactMap { need in
      stepPointer(look, need: need.what, argument: need.argument)
    }
      + references.compactMap { reference in
        argumentPointer(step, reference, isFence: isFence)
      }
  }

  /// What the step wants to reach at a lost site. A fence is made for a target that can't be reached.
  private func needs(
    of step: PlannedStep, isFence: Bool, _ references: [ArgumentReference]
  ) -> [(what: String, argument: String?)] {
    var needs: [(what: String, argument: String?)] = []
    if let target = step.target, !isFence, isLost(target) {
      needs.append(("targets \(target)", nil))
    }
    for reference in references {
      let isLost =
        switch reference.kind {
        case .site: names.sites.contains(reference.text)
        case .host: inventory.host(reference.text).map { names.sites.contains($0.site) } ?? false
        case .text: false
        }
      if isLost {
        needs.append(("needs \(reference.text), in '\(reference.argument)'", reference.argument))
      }
    }
    return needs
  }

  private func isLost(_ target: Target) -> Bool {
    switch target {
    case .host(let host): names.sites.contains(host.site)
    case .databaseAtSite(_, let site): names.sites.contains(site)
    case .database: false
    }
  }

  private func stepPointer(
    _ look: RehearsedLook, need: String, argument: String?
  ) -> Pointer? {
    let step = look.step
    let position = loss.sources.position(ofStep: step.runbookID, argument: argument)
    if look.isPrecheck {
      guard step.isCritical else { return nil }
      return Pointer(
        code: "lost_site.precheck", what: "the precheck \(step.id) \(need)",
        why: "it is critical: without an answer the run is refused",
        advice: "let it be 'critical: false', or execute with --accept \(step.id)=REASON",
        file: loss.sources.runbookFile, line: position?.line, column: position?.column)
    }
    guard step.onUnreachable != .attest else { return nil }
    return Pointer(
      code: "lost_site.step", what: "the step \(step.id) \(need)",
      why: "it has no on_unreachable: the run stops there when the site can't be asked",
      advice: "let it be 'on_unreachable: attest', or leave the step out when the site is lost",
      file: loss.sources.runbookFile, line: position?.line, column: position?.column)
  }

  private func argumentPointer(
    _ step: PlannedStep, _ reference: ArgumentReference, isFence: Bool
  ) -> Pointer? {
    guard reference.kind == .text, let mention = names.mention(in: reference.text),
      // To name the host is what a fencing command is for.
      !(isFence && mention.kind == .host)
    else { return nil }
    let position = loss.sources.position(ofStep: step.runbookID, argument: reference.argument)
    return Pointer(
      code: "lost_site.argument",
      what: "the step \(step.id) is given '\(reference.text)', which names \(mention.meaning)",
      why: "what the step does with it may need the site that is lost",
      advice:
        "give the surviving site's, or see that the step gets by without an answer from there",
      file: loss.sources.runbookFile, line: position?.line, column: position?.column)
  }

  // MARK: - What was seen

  private func seenPointers(in looks: [RehearsedLook]) -> [Pointer] {
    var told: Set<FactKey> = []
    return looks.enumerated().flatMap { place, look -> [Pointer] in
      look.observation.facts.compactMap { fact in
        guard fact.source == .probed, let value = fact.reading.value, isSurviving(fact.key.subject),
          let found = pointed(to: value, by: fact.key, looks), told.insert(fact.key).inserted
        else { return nil }
        return Pointer(
          code: found.code, what: found.what, why: found.why, advice: found.advice,
          removedBy: remover(of: fact, in: looks[place...]))
      }
    }
  }

  private func isSurviving(_ subject: String) -> Bool {
    let tail = subject.split(separator: "@").last.map(String.init) ?? subject
    let place = tail.split(separator: "/").first.map(String.init) ?? tail
    guard let site = inventory.site(place)?.name ?? inventory.host(place)?.site else {
      return false
    }
    return !names.sites.contains(site)
  }

  private struct Found {
    let code: String
    let what: String
    let why: String
    let advice: String
  }

  private func pointed(to value: Value, by key: FactKey, _ looks: [RehearsedLook]) -> Found? {
    if key.property == FactName.failoverRows { return foreignRows(value, key, looks) }
    let isPlace = key.property == FactName.permitMachines
    let found = value.texts.lazy.compactMap { text in
      mention(in: text, isPlace: isPlace).map { (text, $0) }
    }.first
    guard let (text, mention) = found else { return nil }
    return Found(
      code: "lost_site.observed",
      what: "\(key) was seen as '\(text)', which names \(mention.meaning)",
      why: "what lives there goes with the site",
      advice: "let the runbook point it at the surviving site, or do it by hand beforehand")
  }

  /// The site's mere name counts only of a place, and where something is said to come from another machine, as
  /// `server:/export`.
  private func mention(in text: String, isPlace: Bool) -> LostNames.Mention? {
    guard let mention = names.mention(in: text, isPlace: isPlace) else { return nil }
    let pointsAway = mention.kind != .site || isPlace || text.contains(":/") || text.contains("//")
    return pointsAway ? mention : nil
  }

  private func foreignRows(_ rows: Value, _ key: FactKey, _ looks: [RehearsedLook]) -> Found? {
    let parts = key.subject.split(separator: "@").map(String.init)
    guard parts.count == 2, let database = inventory.database(parts[0]) else { return nil }
    let own = ownGUIDs(at: parts[1], looks)
    let guids = (rows.list ?? []).compactMap { $0.mapping?[database.guidColumn]?.description }
    let foreign = guids.filter { !own.contains(GUIDText.normalised($0)) }
    guard !own.isEmpty, !foreign.isEmpty else { return nil }
    return Found(
      code: "lost_site.guid_row",
      what: "\(database.failoverTable) of \(key.subject) holds \(foreign.joined(separator: ", ")), "
        + "the GUID of no scheduler there",
      why: "a scheduler that finds it stays passive: it takes the lost one for alive",
      advice: "let the runbook empty the table, by failover_table.truncate")
  }

  private func ownGUIDs(at site: String, _ looks: [RehearsedLook]) -> Set<String> {
    let hosts = inventory.schedulerHosts().filter { $0.site == site }
    let given = hosts.compactMap { host -> String? in
      if case .value(let guid)? = host.guid { guid } else { nil }
    }
    let seen = looks.flatMap { look in
      hosts.compactMap { look.observation[$0.id, FactName.ownGUID]?.string }
    }
    return Set((given + seen).map(GUIDText.normalised))
  }

  /// The first step from there on after which it would not be so: it says that the fact changes, or that the copy has
  /// another role, in which what it follows doesn't matter.
  private func remover(of fact: Fact, in looks: ArraySlice<RehearsedLook>) -> String? {
    let role = FactKey(fact.key.subject, FactName.role)
    let keys = fact.key.property == FactName.failoverRows ? [fact.key] : [fact.key, role]
    return looks.first { look in
      look.predicted.contains { predicted in
        guard keys.contains(predicted.key) else { return false }
        return predicted.reading != look.observation[predicted.key]?.reading
      }
    }?.step.id
  }
}
