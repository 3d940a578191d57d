/// Strikes the way between two ends.
struct NetworkStriker {
  let lab: MachineLab

  /// - Parameter isOneWay: only what goes from `from` to `to` is struck.
  func strike(_ kind: NetworkFault.Kind, from: String, to: String, isOneWay: Bool) throws {
    let (near, far) = (try NetworkEnd(from, lab), try NetworkEnd(to, lab))
    guard near.network != far.network else {
      throw LabError(
        .refused,
        "\(from) and \(to) are both in network \(near.network); what goes between them passes no router"
      )
    }
    var faults = try LabFaults.read(lab)
    faults.network.insert(NetworkFault(kind: kind, from: from, to: to))
    if !isOneWay { faults.network.insert(NetworkFault(kind: kind, from: to, to: from)) }
    try Router.apply(faults, of: lab)
  }
}
