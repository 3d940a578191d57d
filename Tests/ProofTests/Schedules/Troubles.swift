/// What goes wrong with an act.
enum Mishap: String, CaseIterable {
  case unreachable = "can't be reached"
  case failsBefore = "fails before its effect"
  case failsAfter = "fails after its effect"
  case lies = "says that it is done, and nothing is"
  case answerLost = "its answer is lost"
  case hangsBefore = "hangs before its effect"
  case hangsAfter = "hangs after its effect"
  case diesBefore = "the runner dies before its effect"
  case diesAfter = "the runner dies after its effect"
  case comesLate = "says that it is done, and it comes later"
  case hangsAndComesLate = "hangs, and its effect comes later"

  /// The runner lives on.
  static let survived = allCases.filter { $0 != .diesBefore && $0 != .diesAfter }
}

/// Which kinds of things go wrong in a schedule. In half of them all kinds do, everywhere. In a quarter few do, at or after one
/// step; in another quarter just one or two things do, each at a place of its own: what takes two mishaps at the right places is
/// hidden by a third one.
struct Troubles: CustomStringConvertible {
  /// One act that fails, or one person who says no, once; and as often as not one site that is lost, at one look.
  struct Pair {
    let failing: String
    /// Nil: a person says no.
    let mishap: Mishap?
    /// Nil: no site is lost.
    let cutOff: String?
    /// Which of the looks and acts of the step `cutOff` the outage comes before.
    let look: Int
  }

  let pair: Pair?
  /// Nil: everywhere.
  let step: String?
  let mishaps: Bool
  let outages: Bool
  let deaths: Bool
  let absences: Bool

  init(in steps: [String], _ random: inout some RandomNumberGenerator) {
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      pair = Pair(in: steps, &random)
      (step, mishaps, outages, deaths, absences) = (nil, false, false, false, false)
    case 1:
      pair = nil
      step = steps.randomElement(using: &random)
      mishaps = Bool.random(using: &random)
      outages = Bool.random(using: &random)
      deaths = Int.random(in: 0..<4, using: &random) == 0
      absences = Int.random(in: 0..<4, using: &random) == 0
    default:
      pair = nil
      (step, mishaps, outages, deaths, absences) = (nil, true, true, true, true)
    }
  }

  var description: String {
    if let pair {
      let mishap = pair.mishap.map { "an act \($0.rawValue)" } ?? "a person says no"
      return "at \(pair.failing) \(mishap)"
        + (pair.cutOff.map { ", and at \($0) a site is lost" } ?? "")
    }
    let kinds = [
      mishaps ? "acts fail" : nil, outages ? "a site is lost" : nil,
      deaths ? "runners die" : nil, absences ? "people are away" : nil,
    ].compactMap(\.self)
    return (kinds.isEmpty ? "none" : kinds.joined(separator: ", "))
      + (step.map { ", from or at \($0)" } ?? "")
  }
}

extension Troubles.Pair {
  /// A step looks and acts up to so many times when nothing makes it wait.
  private static let looks = 6

  /// Nil without steps. The site is lost at the step whose act fails, or later.
  fileprivate init?(in steps: [String], _ random: inout some RandomNumberGenerator) {
    guard let place = steps.indices.randomElement(using: &random),
      let later = steps[place...].randomElement(using: &random)
    else { return nil }
    let isRefusal = Int.random(in: 0..<3, using: &random) == 0
    self.init(
      failing: steps[place],
      mishap: isRefusal ? nil : Mishap.survived.randomElement(using: &random),
      cutOff: Bool.random(using: &random) ? later : nil,
      look: Int.random(in: 0..<Self.looks, using: &random))
  }
}
