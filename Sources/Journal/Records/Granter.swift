/// Who granted something, with the evidence for who it was. By this rule the engine counts people at a gate, and a report says
/// how many there were.
public struct Granter: Sendable {
  public let person: PersonRecord
  /// Whose key signed it; nil when it isn't signed, or the signature doesn't hold.
  public let principal: String?

  public init(person: PersonRecord, principal: String?) {
    self.person = person
    self.principal = principal
  }

  /// Decided by the strongest evidence that there is of both: signatures, then the kernel's word. What can't be told apart is
  /// one person.
  func isSurelyAnother(than other: Granter) -> Bool {
    if let principal, let others = other.principal { return principal != others }
    return person.isSurelyAnother(than: other.person)
  }
}

extension [Granter] {
  /// How many different people these are for sure. One that can be anybody, as root, counts only when nobody else does.
  public var people: Int {
    let known = filter { $0.principal != nil || $0.person.account != nil }
    let different = known.reduce(into: [Granter]()) { people, granter in
      if people.allSatisfy({ granter.isSurelyAnother(than: $0) }) { people.append(granter) }
    }
    return isEmpty ? 0 : Swift.max(1, different.count)
  }
}
