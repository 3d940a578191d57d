import Engine
import Journal
import Review

/// What `lifeboat permit` answers: one object, or one line.
struct PermitAnswer: Codable {
  let permitted: Bool
  let site: String
  /// Who holds it, or why nobody does, or why that can't be told.
  let because: String
  let holder: String?
  let since: Timestamp?
  let run: String?

  init(_ ledger: PermitLedger, of site: String) {
    permitted = ledger.permits(site)
    self.site = site
    switch ledger.standing {
    case .held(let holder, let because, let since, let run):
      (self.holder, self.because, self.since, self.run) = (holder, because, since, run)
    case .free(let because, let since, let run):
      (self.holder, self.because, self.since, self.run) = (nil, because, since, run)
    }
  }

  /// A refusal because it can't be told.
  init(refusing site: String, because: String) {
    permitted = false
    self.site = site
    self.because = because
    holder = nil
    since = nil
    run = nil
  }

  func show(on console: Console, _ format: OutputFormat) throws {
    switch format {
    case .json: console.write(try JSON(encoding: self).description)
    case .text: console.write(Line(text, permitted ? .good : .bad))
    }
  }

  private var text: String {
    let moment = since.map { ", since \($0)" } ?? ""
    let by = run.map { " (\($0))" } ?? ""
    let why = "\(because)\(moment)\(by)"
    if permitted { return "\(site) may run its scheduler: \(why)" }
    let other = holder.map { "\($0) may: " } ?? ""
    return "\(site) may not run its scheduler: \(other)\(why)"
  }
}
