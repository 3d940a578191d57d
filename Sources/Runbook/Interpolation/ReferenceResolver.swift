/// A reference looked up.
struct ResolvedReference {
  let type: ValueType
  /// Nil when the operator has given no value yet.
  let value: PlannedValue?

  /// The text, when it is known before the run.
  var text: String? {
    if case .value(let value)? = value { value.description } else { nil }
  }

  /// Whether it shows only when the run gets there.
  var isLater: Bool { if case .later? = value { true } else { false } }
}

/// Which parameters were used: a list that is shared by all who resolve.
final class ParameterUse {
  var names: Set<String> = []
}

/// The steps bound so far that are done on several hosts: a list that is shared by all who resolve.
final class FanOuts {
  var steps: Set<String> = []
}

/// Finds what `${…}` stands for, and says what is wrong with it.
struct ReferenceResolver {
  /// What a reference to a step can name.
  struct Steps {
    /// By id: the properties that the step's action states facts of.
    let properties: [String: [String]]
    /// All prechecks' ids.
    let prechecks: Set<String>
    let order: StepOrder
    let fanOuts = FanOuts()
  }

  static let hostMembers = ["id", "name", "site"]

  static let outcome = "outcome"
  static let outcomes = ["ok", "changed", "skipped", "failed", "in_doubt"]

  let diagnostics: DiagnosticCollector
  let parameters: [String: (type: ValueType, value: Value?)]
  let objectives: Objectives
  let inventory: Inventory
  let use: ParameterUse
  let steps: Steps
  /// The place of the step whose references these are; nil before the first step.
  var place: Int?
  /// In a step that targets a group: the host whose part is being bound.
  var host: Host?

  func resolve(
    _ reference: Template.Reference, at position: SourcePosition
  ) -> ResolvedReference? {
    switch reference.path[0] {
    case "objectives": objective(reference, at: position)
    case "sites": site(reference, at: position)
    case "host": host(reference, at: position)
    case "steps": step(reference, at: position)
    default: parameter(reference, at: position)
    }
  }

  private func parameter(
    _ reference: Template.Reference, at position: SourcePosition
  ) -> ResolvedReference? {
    let name = reference.path[0]
    guard let parameter = parameters[name] else {
      let words = parameters.keys.sorted() + ParameterDeclaration.reservedNames
      return unknown(
        reference, at: position, "there is no parameter \(Quoted.text(name))",
        hint: NearestWord.hint(for: name, in: words, called: "references start with"))
    }
    use.names.insert(name)
    guard reference.path.count > 1 else {
      return ResolvedReference(type: parameter.type, value: parameter.value.map { .value($0) })
    }
    guard parameter.type == .site else {
      return unknown(
        reference, at: position,
        "'\(name)' is \(parameter.type), and only a site has members",
        hint: "write ${\(name)}")
    }
    guard let siteName = parameter.value?.string else {
      return ResolvedReference(type: .observed, value: nil)
    }
    guard let site = inventory.site(siteName) else { return nil }
    return member(of: site, reference, from: 1, at: position)
  }

  private func objective(
    _ reference: Template.Reference, at position: SourcePosition
  ) -> ResolvedReference? {
    guard reference.path.count == 2, RunbookDocument.objectiveKeys.contains(reference.path[1])
    else {
      return unknown(
        reference, at: position, "'\(reference)' is no objective",
        hint: "write ${objectives.rto} or ${objectives.rpo}")
    }
    guard let text = reference.path[1] == "rto" ? objectives.rto : objectives.rpo else {
      return unknown(
        reference, at: position, "the runbook states no \(reference.path[1])",
        hint: "add objectives: { \(reference.path[1]): … }")
    }
    return ResolvedReference(type: .duration, value: .value(.string(text)))
  }

  /// `host.id`, `host.name`, `host.site`.
  private func host(
    _ reference: Template.Reference, at position: SourcePosition
  ) -> ResolvedReference? {
    guard let host else {
      return unknown(
        reference, at: position, "there is no one host here for '\(reference)'",
        hint: "only a step whose target is a group is done for each host")
    }
    switch reference.path.dropFirst() {
    case ["id"]: return ResolvedReference(type: .host, value: .value(.string(host.id)))
    case ["name"]: return ResolvedReference(type: .string, value: .value(.string(host.name)))
    case ["site"]: return ResolvedReference(type: .site, value: .value(.string(host.site)))
    default:
      return unknown(
        reference, at: position, "'\(reference)' is nothing of a host",
        hint: "write "
          + Self.hostMembers.map { "${host.\($0)}" }.joined(separator: ", "))
    }
  }

  private func site(
    _ reference: Template.Reference, at position: SourcePosition
  ) -> ResolvedReference? {
    guard reference.path.count > 1, let site = inventory.site(reference.path[1]) else {
      let name = reference.path.count > 1 ? reference.path[1] : ""
      return unknown(
        reference, at: position, "the inventory has no site \(Quoted.text(name))",
        hint: NearestWord.hint(for: name, in: inventory.sites.map(\.name), called: "sites"))
    }
    return member(of: site, reference, from: 2, at: position)
  }

  /// `SITE`, `SITE.hosts`, `SITE.hosts.HOST`, `SITE.hosts.HOST.services`, `SITE.settings.NAME`.
  private func member(
    of site: Site, _ reference: Template.Reference, from index: Int, at position: SourcePosition
  ) -> ResolvedReference? {
    let path = reference.path.dropFirst(index)
    guard let first = path.first else {
      return ResolvedReference(type: .site, value: .value(.string(site.name)))
    }
    if first == "settings", path.count == 2 {
      return setting(path[path.startIndex + 1], of: site, reference, at: position)
    }
    guard first == "hosts", path.count <= 3 else {
      return unknown(
        reference, at: position, "a site has no member \(Quoted.text(first))",
        hint: "write .hosts, .hosts.NAME, .hosts.NAME.services or .settings.NAME after the site")
    }
    guard path.count > 1 else {
      return ResolvedReference(
        type: .list(.host), value: .value(.list(site.hosts.map { .string($0.id) })))
    }
    let name = path[path.startIndex + 1]
    guard let host = site.hosts.first(where: { $0.name == name }) else {
      return unknown(
        reference, at: position, "the site '\(site.name)' has no host \(Quoted.text(name))",
        hint: NearestWord.hint(for: name, in: site.hosts.map(\.name), called: "its hosts"))
    }
    guard path.count == 3 else {
      return ResolvedReference(type: .host, value: .value(.string(host.id)))
    }
    guard path.last == "services" else {
      return unknown(
        reference, at: position, "a host has no member \(Quoted.text(path.last ?? ""))",
        hint: "write .services")
    }
    return ResolvedReference(
      type: .list(.string), value: .value(.list(host.services.map { .string($0) })))
  }

  private func setting(
    _ name: String, of site: Site, _ reference: Template.Reference, at position: SourcePosition
  ) -> ResolvedReference? {
    let settings = site.settings ?? [:]
    guard let text = settings[name] else {
      return unknown(
        reference, at: position, "the site '\(site.name)' has no setting \(Quoted.text(name))",
        hint: settings.isEmpty
          ? "add settings: { \(name): … } to the site in the inventory"
          : NearestWord.hint(for: name, in: settings.keys.sorted(), called: "its settings"))
    }
    return ResolvedReference(type: .string, value: .value(.string(text)))
  }

  private func step(
    _ reference: Template.Reference, at position: SourcePosition
  ) -> ResolvedReference? {
    guard reference.path.count == 3 else {
      return unknown(
        reference, at: position, "'\(reference)' names no observation",
        hint: "write ${steps.ID.outcome} or ${steps.ID.PROPERTY}")
    }
    let (id, property) = (reference.path[1], reference.path[2])
    guard let properties = steps.properties[id] else {
      return unknown(
        reference, at: position, "there is no step \(Quoted.text(id))",
        hint: NearestWord.hint(for: id, in: steps.properties.keys.sorted(), called: "steps"))
    }
    guard !steps.fanOuts.steps.contains(id) else {
      return unknown(
        reference, at: position, "'\(id)' is done on several hosts, and has no one '\(property)'",
        hint: "depend on it by depends: [\(id)]")
    }
    guard isDone(id) else {
      diagnostics.error(
        .notYetKnown, at: position, "what '\(id)' observes is not known yet at this step",
        hint: "refer to a step that runs before, or name it in this step's depends")
      return nil
    }
    let later = PlannedValue.later(StepReference(step: id, property: property))
    if property == Self.outcome {
      return ResolvedReference(type: .choice(Self.outcomes), value: later)
    }
    guard properties.contains(property) else {
      return unknown(
        reference, at: position, "the action of '\(id)' states no \(Quoted.text(property))",
        hint: NearestWord.hint(
          for: property, in: [Self.outcome] + properties, called: "it states"))
    }
    return ResolvedReference(type: .observed, value: later)
  }

  private func isDone(_ id: String) -> Bool {
    guard let place else { return false }
    return steps.prechecks.contains(id) || steps.order.isDone(id, before: place)
  }

  private func unknown(
    _ reference: Template.Reference, at position: SourcePosition, _ message: String, hint: String
  ) -> ResolvedReference? {
    diagnostics.error(.unknownReference, at: position, message, hint: hint)
    return nil
  }
}
