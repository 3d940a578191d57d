/// The router's packet filter, as the text that nft reads.
struct PacketFilter {
  let faults: LabFaults
  let lab: MachineLab

  /// Marks packets that go through the delay line.
  static let delayMark = 1
  static let delayDevice = "delay0"

  /// Replaces all rules at once, so that no packet meets half of them.
  func text() throws -> String {
    let cuts = try faults.network.compactMap(drop).sorted()
    let delays = try faults.network.compactMap(mark).sorted()
    return """
      table ip lab
      delete table ip lab
      table ip lab {
        chain delays {
          type filter hook prerouting priority mangle
      \(delays.joined(separator: "\n"))
        }
        chain cuts {
          type filter hook forward priority filter
      \(cuts.joined(separator: "\n"))
        }
      }

      """
  }

  private func drop(_ fault: NetworkFault) throws -> String? {
    switch fault.kind {
    case .cut: "    \(try match(fault)) drop"
    // Once a packet: those that the delay line gives back have been through here.
    case .loss(let percent):
      "    iifname != \"\(Self.delayDevice)\" \(try match(fault)) numgen random mod 100 < \(percent) drop"
    case .delay: nil
    }
  }

  private func mark(_ fault: NetworkFault) throws -> String? {
    guard case .delay = fault.kind else { return nil }
    return
      "    iifname != \"\(Self.delayDevice)\" \(try match(fault)) meta mark set \(Self.delayMark)"
  }

  private func match(_ fault: NetworkFault) throws -> String {
    let from = try NetworkEnd(fault.from, lab)
    let to = try NetworkEnd(fault.to, lab)
    return "ip saddr \(from.addresses) ip daddr \(to.addresses)"
  }
}
