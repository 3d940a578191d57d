/// What a site does about what the other site has shipped. Pure, so that it can be decided once
/// without a lock and again under it.
enum FollowDecision: Equatable {
  case nothing
  /// The same snapshot, known to be current for longer.
  case refresh
  /// This site is primary (or draining) of an older epoch: it has been replaced.
  case stepDown
  /// Both sites have been primary in one epoch, which no promotion allows: a person must decide.
  case conflict
  /// Take the snapshot; keep the own database first when it may hold work that nobody else has.
  case apply(keepOwn: Bool)

  /// - Parameters:
  ///   - offered: the newest snapshot of the partner.
  ///   - partnerEpoch: the highest epoch in which the partner has been the source.
  init(own: ReplicationState, offered: ShippedHead?, partnerEpoch: Int64) {
    guard own.role == .replica else {
      let order = (partnerEpoch, own.at.epoch)
      self = order.0 > order.1 ? .stepDown : order.0 == order.1 ? .conflict : .nothing
      return
    }
    guard let offered, offered.epoch >= own.at.epoch else {
      self = .nothing
      return
    }
    if let demotedEpoch = own.demotedEpoch {
      // The own positions count a line that has ended: they say nothing about the new one.
      let isNewLine = offered.epoch > demotedEpoch
      self = isNewLine ? .apply(keepOwn: !own.isContained(inLineFrom: offered.base)) : .nothing
    } else if offered.at > own.at {
      self = .apply(keepOwn: false)
    } else {
      self = offered.at == own.at && offered.asOf > own.asOf ? .refresh : .nothing
    }
  }
}
