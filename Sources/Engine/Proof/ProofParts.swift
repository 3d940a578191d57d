import Runbook

/// A plan's steps in parts that have nothing to do with each other: no step of one changes what a step of another looks at.
///
/// Each part is explored by itself, as if the others' steps weren't there. That leaves nothing out: to a part, all that the
/// others can do is to delay its steps or to end the run before them, and both can happen to it anyway. What the rules look
/// at is all in one part.
struct ProofParts {
  struct Part {
    /// By their places in the whole.
    let steps: [Int]
    /// Whether it is the one that changes what the rules look at.
    let isGoverned: Bool
    /// Whether steps of the governed part wait for its steps.
    let comesFirst: Bool
  }

  let all: [Part]
  var count: Int { all.count }

  init(of model: ProofModel) {
    let shared = Self.shared(model)
    let governed = shared[.rules] ?? []
    let groups = Self.joined(model.steps.indices, by: shared.values)
    let others = groups.filter { governed.isEmpty || !$0.contains(governed[0]) }
    let rest = groups.first { !governed.isEmpty && $0.contains(governed[0]) } ?? []
    let awaited = Set(rest.flatMap(model.order.awaited(by:)))
    all =
      [Part(steps: rest, isGoverned: true, comesFirst: false)]
      + others.map {
        Part(steps: $0, isGoverned: false, comesFirst: !awaited.isDisjoint(with: $0))
      }
  }

  /// One part with everything.
  init(whole model: ProofModel) {
    all = [Part(steps: Array(model.steps.indices), isGoverned: true, comesFirst: false)]
  }

  /// What makes steps depend on each other, besides their order.
  private enum Tie: Hashable {
    case rules
    case subject(String)
    case reference(String)
    /// Hosts of which some may fail.
    case fanOut(String)
  }

  /// The steps that have to stay together, by what ties them. Steps that only look at the same don't.
  private static func shared(_ model: ProofModel) -> [Tie: [Int]] {
    var tied: [Tie: [Int]] = [:]
    var changed: Set<Tie> = []
    for (place, step) in model.steps.enumerated() {
      let subjects = Set(
        step.subjects.map { model.domain.governs($0) ? Tie.rules : .subject($0) })
      var ties = subjects
      if step.changesWhatItSees { changed.formUnion(subjects) }
      if step.effectOnPermit != nil {
        ties.insert(.rules)
        changed.insert(.rules)
      }
      let references = Set(step.planned.references.map(Tie.reference))
      changed.formUnion(references)
      ties.formUnion(references)
      ties.insert(.reference(step.id))
      if let fanOut = step.planned.fanOut, fanOut.maxFailed > 0 {
        ties.insert(.fanOut(fanOut.step))
        changed.insert(.fanOut(fanOut.step))
      }
      for tie in ties { tied[tie, default: []].append(place) }
    }
    return tied.filter { changed.contains($0.key) }
  }

  private static func joined(
    _ places: Range<Int>, by groups: some Collection<[Int]>
  ) -> [[Int]] {
    var lead = Array(places)
    func leader(of place: Int) -> Int {
      var place = place
      while lead[place] != place { place = lead[place] }
      return place
    }
    for group in groups {
      for place in group.dropFirst() {
        let (one, other) = (leader(of: group[0]), leader(of: place))
        lead[max(one, other)] = min(one, other)
      }
    }
    return Dictionary(grouping: places, by: leader(of:)).sorted { $0.key < $1.key }.map(\.value)
  }
}
