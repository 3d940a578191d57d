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
}

/// Which kinds of things go wrong in a schedule. In half of them all kinds do, everywhere; in the others few do, at or after
/// one step: what takes two mishaps at the right places is hidden by a third one.
struct Troubles: CustomStringConvertible {
  /// Nil: everywhere.
  let step: String?
  let mishaps: Bool
  let outages: Bool
  let deaths: Bool
  let absences: Bool

  init(in steps: [String], _ random: inout some RandomNumberGenerator) {
    guard Bool.random(using: &random) else {
      (step, mishaps, outages, deaths, absences) = (nil, true, true, true, true)
      return
    }
    step = steps.randomElement(using: &random)
    mishaps = Bool.random(using: &random)
    outages = Bool.random(using: &random)
    deaths = Int.random(in: 0..<4, using: &random) == 0
    absences = Int.random(in: 0..<4, using: &random) == 0
  }

  var description: String {
    let kinds = [
      mishaps ? "acts fail" : nil, outages ? "a site is lost" : nil,
      deaths ? "runners die" : nil, absences ? "people are away" : nil,
    ].compactMap(\.self)
    return (kinds.isEmpty ? "none" : kinds.joined(separator: ", "))
      + (step.map { ", from or at \($0)" } ?? "")
  }
}
