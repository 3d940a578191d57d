/// A line for a person: text, and the tone that a terminal may colour it in. The text alone says everything.
public struct Line: Sendable, Hashable {
  public enum Tone: Sendable, Hashable { case plain, heading, good, attention, bad, faint }

  public let text: String
  public let tone: Tone

  public init(_ text: String, _ tone: Tone = .plain) {
    self.text = text
    self.tone = tone
  }
}

extension Duration {
  /// As a person reads it: `0.4 s`, `12 s`, `2 min 05 s`, `1 h 02 min`.
  public var spoken: String {
    let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
    let seconds = components.seconds
    return switch seconds {
    case ..<10: "\(tenths / 10).\(tenths % 10) s"
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min \(twoDigits(seconds % 60)) s"
    default: "\(seconds / 3600) h \(twoDigits(seconds / 60 % 60)) min"
    }
  }

  private func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
