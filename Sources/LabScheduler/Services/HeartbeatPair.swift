import Foundation

/// The heartbeats between two servers on one database, over TCP in both directions.
///
/// A beat counts from the moment it was sent, not from when it came: after a break in the network
/// TCP delivers a whole backlog at once, and old beats must not pass for life. Sequence numbers
/// drop what is repeated or out of order.
final class HeartbeatPair {
  /// After this many the secondary takes over (domain rule).
  static let beatsAllowedToMiss = 3

  let isSecondary: Bool
  private let interval: Interval
  private let guid: String
  private let listener: BeatListener
  private let sender: BeatSender
  private var sequence: Int64 = 0
  private var nextBeatAt: Int64
  private var lastHeardAt: Int64
  private var lastSequences: [String: Int64] = [:]

  /// Nil when the configuration names no pair, or a pair that this host is not part of.
  init?(config: FailoverConfig, ownAddress: String, guid: String) throws {
    guard !config.secondary.isEmpty, [config.primary, config.secondary].contains(ownAddress) else {
      return nil
    }
    isSecondary = ownAddress == config.secondary
    interval = config.interval
    self.guid = guid
    listener = try BeatListener(address: ownAddress, port: config.port)
    sender = try BeatSender(
      address: isSecondary ? config.primary : config.secondary, port: config.port)
    nextBeatAt = Clock.uptimeMilliseconds
    lastHeardAt = nextBeatAt
  }

  /// Whether three beats in a row are missing; half an interval of grace allows for jitter.
  var partnerIsSilent: Bool {
    let silence = Double(Clock.uptimeMilliseconds - lastHeardAt)
    return silence >= Double(interval.milliseconds) * (Double(Self.beatsAllowedToMiss) + 0.5)
  }

  /// Sends what is due and takes in what has come; never waits.
  func exchange() throws {
    for beat in listener.receive() { hear(beat) }
    let now = Clock.uptimeMilliseconds
    guard now >= nextBeatAt else { return }
    nextBeatAt = now + interval.milliseconds
    sequence += 1
    try sender.send(
      Beat(guid: guid, sender: sender.instance, sequence: sequence, sentAt: Clock.now))
  }

  func hear(_ beat: Beat) {
    guard beat.guid != guid, beat.sequence > lastSequences[beat.sender, default: 0] else { return }
    lastSequences = [beat.sender: beat.sequence]
    let age = max(0, Clock.now.milliseconds(since: beat.sentAt))
    lastHeardAt = max(lastHeardAt, Clock.uptimeMilliseconds - age)
  }
}

/// One heartbeat; a line of JSON.
struct Beat: Codable, Equatable, Sendable {
  let guid: String
  /// Tells a restarted server, which counts from one again, from the one before.
  let sender: String
  let sequence: Int64
  let sentAt: Timestamp
}
