/// Where on the picture a moment is. A long time in which the run only waited for people, or nobody ran it, is drawn short:
/// else nothing of the rest could be seen.
struct Scale {
  struct Break {
    let span: Span
    let fromPercent: Double
    let toPercent: Double
  }

  private struct Piece {
    let fromMs: Int
    let toMs: Int
    let fromPercent: Double
    let toPercent: Double
  }

  private static let breakWidth = 8.0

  private(set) var breaks: [Break] = []
  private var pieces: [Piece] = []

  init(_ time: TimeSpent) {
    let idle = time.spans.filter { $0.activity == .people || $0.activity == .stopped }
    let active = max(1, time.totalMs - idle.reduce(0) { $0 + $1.ms })
    let long = idle.filter { $0.ms > active }
    let drawn = max(1, time.totalMs - long.reduce(0) { $0 + $1.ms })
    let room = max(20, 100 - Self.breakWidth * Double(long.count))
    let breakWidth = long.isEmpty ? 0 : (100 - room) / Double(long.count)
    var (ms, percent) = (0, 0.0)
    for span in long {
      let start = percent + Double(span.fromMs - ms) * room / Double(drawn)
      pieces.append(Piece(fromMs: ms, toMs: span.fromMs, fromPercent: percent, toPercent: start))
      percent = start + breakWidth
      ms = span.toMs
      pieces.append(
        Piece(fromMs: span.fromMs, toMs: ms, fromPercent: start, toPercent: percent))
      breaks.append(Break(span: span, fromPercent: start, toPercent: percent))
    }
    pieces.append(
      Piece(fromMs: ms, toMs: max(time.totalMs, ms + 1), fromPercent: percent, toPercent: 100))
  }

  func percent(at ms: Int) -> Double {
    guard let piece = pieces.first(where: { ms <= $0.toMs }) else { return 100 }
    let length = Double(max(1, piece.toMs - piece.fromMs))
    let share = Double(max(0, ms - piece.fromMs)) / length
    return piece.fromPercent + share * (piece.toPercent - piece.fromPercent)
  }

  /// Round moments for the axis, outside of the breaks.
  func ticks(total: Int) -> [Int] {
    let drawn = max(1, total - breaks.reduce(0) { $0 + $1.span.ms })
    let steps = [
      1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000,
      120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000,
    ]
    let step = steps.first { drawn / $0 <= 6 } ?? max(1, drawn / 6)
    return stride(from: 0, through: total, by: step).filter { ms in
      !breaks.contains { $0.span.fromMs < ms && ms < $0.span.toMs }
    }
  }

  static func percent(_ value: Double) -> String {
    "\((value * 1000).rounded() / 1000)%"
  }
}
