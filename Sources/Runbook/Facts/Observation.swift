/// What one probe returned: facts in the order in which the action stated them, one a key.
public struct Observation: Sendable, Hashable {
  public private(set) var facts: [Fact]

  public init(_ facts: [Fact] = []) {
    self.facts = []
    for fact in facts { state(fact) }
  }

  /// Adds a fact, or replaces what was stated under its key.
  public mutating func state(_ fact: Fact) {
    if let index = facts.firstIndex(where: { $0.key == fact.key }) {
      facts[index] = fact
    } else {
      facts.append(fact)
    }
  }

  public mutating func state(_ subject: String, _ property: String, _ value: Value) {
    state(Fact(subject, property, value))
  }

  public subscript(key: FactKey) -> Fact? { facts.first { $0.key == key } }

  /// The value of a fact; nil when it was not stated or is not known.
  public subscript(subject: String, property: String) -> Value? {
    self[FactKey(subject, property)]?.reading.value
  }

  /// Why a fact has no value, in words for a person; nil when it has one.
  public func gap(_ subject: String, _ property: String) -> String? {
    switch self[FactKey(subject, property)]?.reading {
    case .value: nil
    case .unreachable(let why), .unknown(let why): why
    case nil: "\(property) of \(subject) was not asked"
    }
  }

  /// The facts whose target could not be asked.
  public var unreachable: [Fact] {
    facts.filter { if case .unreachable = $0.reading { true } else { false } }
  }

  /// This observation with `facts` laid over those that it states: in a rehearsal, what earlier steps would bring about. What is seen to be
  /// so already stays as it was seen.
  public func overlaid(with facts: some Sequence<Fact>) -> Observation {
    overlaid(with: Dictionary(facts.map { ($0.key, $0) }, uniquingKeysWith: { $1 }))
  }

  /// As above; `expected` by key.
  public func overlaid(with expected: [FactKey: Fact]) -> Observation {
    guard !expected.isEmpty else { return self }
    return Observation(
      facts.map { seen in
        guard let fact = expected[seen.key], fact.reading != seen.reading else { return seen }
        return fact
      })
  }

  /// This observation with the gaps that `facts` can fill filled, where a target can't be asked. What a target answers
  /// is never replaced, even when the answer says nothing: an attested fact stands only for as long as it is dark.
  public func filled(with facts: some Sequence<Fact>) -> Observation {
    var result = self
    for fact in facts {
      guard case .unreachable = result[fact.key]?.reading else { continue }
      result.state(fact)
    }
    return result
  }
}
