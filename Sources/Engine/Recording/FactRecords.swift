import Foundation
import Journal
import Runbook

extension FactRecord {
  init(_ fact: Fact, at moment: Date) {
    var gap: String?
    var unreachable: Bool?
    switch fact.reading {
    case .value: break
    case .unreachable(let why): (gap, unreachable) = (why, true)
    case .unknown(let why): (gap, unreachable) = (why, false)
    }
    self.init(
      subject: fact.key.subject, property: fact.key.property,
      value: fact.reading.value.map(JSON.init), gap: gap, unreachable: unreachable,
      source: fact.source.rawValue, at: Timestamp(fact.at ?? moment))
  }

  /// The fact that was kept.
  var fact: Fact {
    let why = gap ?? "not kept"
    let reading: Reading =
      if let value { .value(Value(value)) } else if unreachable == true { .unreachable(why) } else {
        .unknown(why)
      }
    return Fact(
      subject, property, reading, source: FactSource(rawValue: source) ?? .probed, at: at.date)
  }
}

extension Observation {
  func records(at moment: Date) -> [FactRecord] { facts.map { FactRecord($0, at: moment) } }
}

extension JSON {
  init(_ value: Runbook.Value) {
    self =
      switch value {
      case .null: .null
      case .boolean(let boolean): .boolean(boolean)
      case .integer(let integer): .integer(Int64(integer))
      case .string(let string): .string(string)
      case .list(let list): .array(list.map(JSON.init))
      case .mapping(let mapping): .object(mapping.mapValues(JSON.init))
      }
  }
}

extension Value {
  init(_ json: JSON) {
    self =
      switch json {
      case .null: .null
      case .boolean(let boolean): .boolean(boolean)
      case .integer(let integer): .integer(Int(integer))
      case .number(let number): .string(String(number))
      case .string(let string): .string(string)
      case .array(let array): .list(array.map(Value.init))
      case .object(let object): .mapping(object.mapValues(Value.init))
      }
  }
}

extension VerdictRecord {
  init(_ verdict: Verdict) {
    self.init(verdict: verdict.name, explanation: verdict.explanation)
  }
}

extension FailureRecord {
  init(_ error: ActionError) {
    self.init(code: error.code, message: error.message, advice: error.advice)
  }
}
