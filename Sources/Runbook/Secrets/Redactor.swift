import Foundation
import Synchronization

/// Knows the secrets that were resolved, and blots them out of texts that people and the journal get. One for the whole
/// program: what is learned anywhere is blotted out everywhere.
public final class Redactor: Sendable {
  public static let blot = "•••"

  /// Why a secret can't be blotted out.
  public enum Obstacle: Sendable {
    case tooShort
    /// The plan says it in clear, or it is a word that the journal's readers go by.
    case reserved

    public var words: String {
      switch self {
      case .tooShort:
        "is shorter than \(SecretForms.shortest) bytes, and can't be blotted out of journal and messages: take a longer one"
      case .reserved:
        "stands in the runbook, the inventory or Lifeboat's own words, and can't be blotted out of journal and messages: change it"
      }
    }
  }

  private struct State {
    var secrets: [SecretForms] = []
    var known: Set<[UInt8]> = []
    var warned: Set<String> = []
    var reserved: [[DecodedText]] = [DecodedText(Array(ownWords.utf8)).readings]
  }

  private let state = Mutex(State())
  private let onObstacle: @Sendable (SecretReference, Obstacle) -> Void

  /// `onObstacle` is called once a reference.
  public init(
    onObstacle: @escaping @Sendable (SecretReference, Obstacle) -> Void = { _, _ in }
  ) {
    self.onObstacle = onObstacle
  }

  /// Keeps what a plan says in clear from being blotted out: an entry in which a site's name is gone can't be resumed
  /// from, and hides nothing, as the plan stands in the journal. To be called before the plan's secrets are resolved.
  public func reserve(_ text: String) {
    let readings = DecodedText(Array(text.utf8)).readings
    state.withLock { $0.reserved.append(readings) }
  }

  public func learn(_ secret: Secret, of reference: SecretReference) {
    guard var forms = SecretForms(secret, of: reference) else {
      return warn(reference, .tooShort)
    }
    let isReserved = state.withLock { state in
      guard let whole = forms.texts.first, state.known.insert(whole).inserted else { return false }
      let reserved = forms.needles.filter { needle in
        state.reserved.contains { $0.contains { $0.contains(needle) } }
      }
      forms.needles.removeAll { reserved.contains($0) }
      state.secrets.append(forms)
      return reserved.contains { forms.texts.contains($0) }
    }
    if isReserved { warn(reference, .reserved) }
  }

  private func warn(_ reference: SecretReference, _ obstacle: Obstacle) {
    let isNew = state.withLock { $0.warned.insert(reference.description).inserted }
    if isNew { onObstacle(reference, obstacle) }
  }

  /// The text without the secrets that were learned, in whatever form.
  public func redacted(_ text: String) -> String { redacted(text, isCut: false) }

  /// The same for a text whose end was cut off: what is left of a secret there is blotted out too.
  public func redacted(cut text: String) -> String { redacted(text, isCut: true) }

  private func redacted(_ text: String, isCut: Bool) -> String {
    let secrets = state.withLock { $0.secrets }
    guard !secrets.isEmpty, !text.isEmpty else { return text }
    let bytes = Array(text.utf8)
    let readings = DecodedText(bytes).readings
    var places = secrets.flatMap { $0.places(in: readings) }
    if isCut { places += end(of: bytes, readings, secrets) }
    guard !places.isEmpty else { return text }
    return String(decoding: Self.blotting(places, in: bytes), as: UTF8.self)
  }

  private func end(
    of bytes: [UInt8], _ readings: [DecodedText], _ secrets: [SecretForms]
  ) -> [Range<Int>] {
    // An escape or a character that was cut in two can't be read, and what stands before it wouldn't be found.
    let replacement = Array("\u{FFFD}".utf8)
    var ends: [Int] = []
    if let half = DecodedText.halfEscape(atEndOf: bytes) { ends.append(half) }
    if bytes.suffix(replacement.count).elementsEqual(replacement) {
      ends.append(bytes.count - replacement.count)
    }
    let shorter = ends.map { DecodedText(Array(bytes[..<$0])).readings }
    let beginnings = secrets.flatMap { secret in
      ([readings] + shorter).compactMap { secret.beginning(atEndOf: $0) }
    }
    return (beginnings.map(\.lowerBound) + ends).map { $0..<bytes.count }
  }

  private static func blotting(_ places: [Range<Int>], in bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var copied = 0
    for place in places.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if place.lowerBound > copied || copied == 0 {
        result += bytes[copied..<max(copied, place.lowerBound)]
        result += Array(blot.utf8)
      }
      copied = max(copied, place.upperBound)
    }
    return result + bytes[copied...]
  }

  /// Values by which the journal's readers decide, and facts are judged. A password such as `stopped` must not change them.
  private static let ownWords = """
    execution rehearsal switchover failover failback drill install upgrade satisfied needed blocked unknown ok changed \
    skipped failed in_doubt waiting already would_change would_skip probed predicted opaque attested approval consent \
    attest redo contradicted expired holds violated done refused interrupted running stopped starting stopping dead \
    primary replica standby writable read_only active inactive enabled disabled
    """
}

extension DecodedText {
  fileprivate func contains(_ needle: [UInt8]) -> Bool { !bytes.places(of: needle).isEmpty }
}
