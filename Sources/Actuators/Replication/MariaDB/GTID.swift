/// A global transaction id: `domain-server-sequence`.
struct GTID: Sendable, Hashable, CustomStringConvertible {
  /// A line of transactions: each has its own sequence.
  let domain: Int
  /// Where the transaction was written first.
  let server: Int
  let sequence: Int

  var description: String { "\(domain)-\(server)-\(sequence)" }

  init?(_ text: some StringProtocol) {
    let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 3, let domain = numbers[0], let server = numbers[1],
      let sequence = numbers[2], min(domain, server, sequence) >= 0
    else { return nil }
    self.domain = domain
    self.server = server
    self.sequence = sequence
  }
}

/// GTIDs as the server lists them: `0-1-100,1-3-7`. A *position* has one a domain, the last that was seen there; a *state*
/// has one a domain and server.
struct GTIDList: Sendable, Hashable, CustomStringConvertible {
  let members: [GTID]

  var description: String { members.map(\.description).joined(separator: ",") }

  /// Nil when it isn't one.
  init?(_ text: String) {
    let words = text.split(separator: ",").map { $0.drop { $0.isWhitespace } }
    let members = words.compactMap { GTID($0) }
    guard members.count == words.count else { return nil }
    self.members = members
  }

  init(_ members: [GTID]) { self.members = members }

  /// The one domain's sequence; nil when nothing was written yet, or in several domains, whose sequences are not one number.
  var sequence: Int? { members.count == 1 ? members.first?.sequence : nil }

  /// The last transaction of a server that is known of.
  func last(of server: Int, in domain: Int) -> Int? {
    members.filter { $0.domain == domain && $0.server == server }.map(\.sequence).max()
  }
}

/// What a server has of the world's transactions: what its binary log knows, and where it came from as a replica.
struct GTIDHistory: Sendable, Hashable {
  /// `gtid_binlog_state`
  let state: GTIDList
  /// `gtid_slave_pos`: a copy that was made from a dump begins here, and its binary log doesn't know what was before.
  let replicated: GTIDList

  /// What of `other` isn't known to be here: the last transaction of each server whose later ones are missing. Within a
  /// domain each server's transactions come in order, so that who has one has those before it. What can't be told counts
  /// as missing.
  func missing(from other: GTIDHistory) -> [GTID] {
    other.state.members.filter { gtid in
      let own = [state, replicated].compactMap { $0.last(of: gtid.server, in: gtid.domain) }.max()
      return own.map { $0 < gtid.sequence } ?? true
    }
  }

  /// How many transactions a list of missing ones stands for, as the last known one before each is here.
  func count(of missing: [GTID]) -> Int {
    missing.reduce(0) { count, gtid in
      let before = (state.members + replicated.members).filter {
        $0.domain == gtid.domain && $0.sequence < gtid.sequence
      }
      let own = [state, replicated].compactMap { $0.last(of: gtid.server, in: gtid.domain) }.max()
      return count + gtid.sequence - (own ?? before.map(\.sequence).max() ?? 0)
    }
  }
}
