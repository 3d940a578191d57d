import Runbook

/// An answer to GET that has a given status and, where asked, contains a text.
struct HTTPCondition: WorldCondition {
  static let status = "status"
  static let contains = "contains"
  private static let defaultTimeout = Duration.seconds(10)

  let lookup: HTTPLookup
  let status: Int
  let text: String?

  static let fields: [ActionSchema.Parameter.Field] = [
    .init("url", .string, required: true, "Asked by GET; redirects are not followed"),
    .init("status", .integer, "The status that is right; default 200"),
    .init("contains", .string, "A text that the body must contain"),
    .init("headers", .mapping(.any), HeaderValues.summary),
    .init("timeout", .duration, "How long one answer may take; default 10s"),
  ]

  /// `values` are a step's arguments or the record of an `unless`: both have the same keys.
  init(_ values: [String: Value], step: String) throws {
    guard let url = values["url"]?.string else {
      throw ActionError("action.argument_missing", "step \(step): 'url' is missing")
    }
    try HTTPRequestCheck(method: "GET", url: url).check()
    let timeout = values["timeout"]?.string.flatMap { Duration(runbook: $0) }
    lookup = HTTPLookup(
      url: url, headers: try HeaderValues.read(values["headers"], step: step),
      timeout: timeout ?? Self.defaultTimeout)
    status = values["status"]?.integer ?? 200
    text = values["contains"]?.string
  }

  private var subject: String { lookup.url }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      let response = try await observer.fetch(lookup)
      let status = Fact(subject, Self.status, .integer(response.status))
      guard let text else { return [status] }
      return [status, Fact(containsKey.subject, Self.contains, found(text, in: response))]
    } catch {
      let gap = try Reading(gapFrom: error)
      let status = Fact(subject, Self.status, gap)
      return text == nil ? [status] : [status, Fact(containsKey.subject, Self.contains, gap)]
    }
  }

  private func found(_ text: String, in response: HTTPResponse) -> Reading {
    if response.body.contains(text) { return .value(true) }
    return response.cutBytes == 0
      ? .value(false)
      : .unknown("only the beginning of \(subject) was read: \(response.cutBytes) bytes were cut")
  }

  /// Two steps may look for different texts under one URL.
  private var containsKey: FactKey { FactKey("\(subject): \(text ?? "")", Self.contains) }

  func judge(_ observation: Observation) -> ConditionFinding {
    guard let seen = observation[subject, Self.status]?.integer else {
      return .unknown(observation.gap(subject, Self.status) ?? "\(subject) was not asked")
    }
    guard seen == status else {
      return .unmet("\(subject) answers with status \(seen), not \(status)")
    }
    guard let text else { return .met("\(subject) answers with status \(seen)") }
    switch observation[containsKey.subject, Self.contains]?.boolean {
    case true: return .met("\(subject) answers with status \(seen) and '\(text)'")
    case false: return .unmet("\(subject) answers without '\(text)'")
    case nil:
      return .unknown(
        observation.gap(containsKey.subject, Self.contains) ?? "\(subject) was not asked")
    }
  }

  var factsWhenMet: [Fact] {
    let status = Fact(subject, Self.status, .integer(status))
    return text == nil ? [status] : [status, Fact(containsKey.subject, Self.contains, true)]
  }
}

/// Headers as runbooks write them: a text, or `{ secret: env:NAME }`.
enum HeaderValues {
  static let summary = "Each a text, or { secret: env:NAME } for a secret"

  static func read(_ value: Value?, step: String) throws -> [String: HTTPHeaderValue] {
    var headers: [String: HTTPHeaderValue] = [:]
    for (name, value) in value?.mapping ?? [:] { headers[name] = try header(name, value, step) }
    return headers
  }

  private static func header(
    _ name: String, _ value: Value, _ step: String
  ) throws -> HTTPHeaderValue {
    switch value {
    case .mapping(let record):
      guard record.count == 1, let text = record["secret"]?.string,
        let reference = SecretReference(text)
      else {
        throw ActionError(
          "http.header_secret",
          "step \(step): the header '\(name)' must be a text or a secret's reference",
          advice: "write { secret: env:NAME }, { secret: file:/path } or { secret: command:… }")
      }
      return .secret(reference)
    case .list, .null:
      throw ActionError(
        "http.header", "step \(step): the header '\(name)' must be a text")
    default:
      _ = try HTTPRequestCheck.header(name, value.description)
      return .text(value.description)
    }
  }
}
