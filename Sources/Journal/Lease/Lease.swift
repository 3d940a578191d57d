/// The right to write about some scopes (sites), until it is released or taken over.
///
/// Its epoch fences: a store hands out each number once, ever rising, and accepts entries only
/// under the epoch that each scope has now. A runner that was thought dead and wakes up finds its
/// epoch gone and can write nothing.
public struct Lease: Sendable, Hashable, Codable {
  /// What it is for; sorted, without repetition.
  public let scopes: [String]
  public let epoch: Int
  public let holder: Holder
  /// When others who can't tell whether the holder lives may take it over.
  public let expiresAt: Timestamp
  /// The holders, dead or expired, from whom it was taken over: worth an entry in the journal.
  public let replaced: [Holder]

  public init(
    scopes: [String], epoch: Int, holder: Holder, expiresAt: Timestamp, replaced: [Holder] = []
  ) {
    self.scopes = scopes
    self.epoch = epoch
    self.holder = holder
    self.expiresAt = expiresAt
    self.replaced = replaced
  }
}

/// What a store keeps of a scope for ever: the last epoch given for it, and who holds it now.
public struct LeaseRecord: Sendable, Hashable, Codable {
  public let scope: String
  public let epoch: Int
  /// nil when released.
  public let tenure: Tenure?

  public struct Tenure: Sendable, Hashable, Codable {
    public let holder: Holder
    public let expiresAt: Timestamp

    public init(holder: Holder, expiresAt: Timestamp) {
      self.holder = holder
      self.expiresAt = expiresAt
    }
  }

  public init(scope: String, epoch: Int, tenure: Tenure?) {
    self.scope = scope
    self.epoch = epoch
    self.tenure = tenure
  }
}
