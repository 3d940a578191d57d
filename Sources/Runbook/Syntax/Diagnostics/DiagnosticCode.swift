/// What a diagnostic is about: an area and a word, written `area.word`.
///
/// Codes are stable: tools and documentation refer to them, so a word is never given a second meaning.
public struct DiagnosticCode: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The part of the language that complains.
  public enum Area: String, Sendable, Codable, CaseIterable {
    /// The text isn't YAML, or uses a part of YAML that the language leaves out.
    case yaml
    /// A runbook.
    case runbook
    /// An inventory, `sites.yaml`.
    case inventory
    /// A value that an operator gave for a parameter.
    case parameter
  }

  public let area: Area
  public let word: Word

  public init(_ area: Area, _ word: Word) {
    self.area = area
    self.word = word
  }

  public var description: String { "\(area.rawValue).\(word.rawValue)" }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let parts = try container.decode(String.self).split(separator: ".", maxSplits: 1)
    guard parts.count == 2, let area = Area(rawValue: String(parts[0])),
      let word = Word(rawValue: String(parts[1]))
    else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a diagnostic's code is written area.word")
    }
    self.init(area, word)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension DiagnosticCode {
  /// The one list of what can be wrong.
  public enum Word: String, Sendable, Codable, CaseIterable {
    // The text.
    case unreadable
    case tooLarge = "too_large"
    case badCharacter = "bad_character"
    case badEncoding = "bad_encoding"
    case syntax
    case empty
    case severalDocuments = "several_documents"
    case tooDeep = "too_deep"
    case tooManyNodes = "too_many_nodes"
    case scalarTooLong = "scalar_too_long"
    case tag
    case mergeKey = "merge_key"
    case complexKey = "complex_key"
    case aliasAsKey = "alias_as_key"
    case duplicateKey = "duplicate_key"
    case duplicateAnchor = "duplicate_anchor"
    case unknownAnchor = "unknown_anchor"
    case recursiveAlias = "recursive_alias"

    // Shapes and values.
    case unknownKey = "unknown_key"
    case missingKey = "missing_key"
    case wrongType = "wrong_type"
    case badValue = "bad_value"
    case badName = "bad_name"
    case unknownChoice = "unknown_choice"
    case emptyList = "empty_list"
    case outOfRange = "out_of_range"
    case notAbsolute = "not_absolute"
    case duplicate
    case unknownName = "unknown_name"

    // An inventory.
    case sameFile = "same_file"
    case sameGUID = "same_guid"
    case missingManager = "missing_manager"

    // References and conditions.
    case badReference = "bad_reference"
    case unknownReference = "unknown_reference"
    case notYetKnown = "not_yet_known"
    case badCondition = "bad_condition"

    // Steps.
    case unknownAction = "unknown_action"
    case unknownParameter = "unknown_parameter"
    case missingParameter = "missing_parameter"
    case refusedArguments = "refused_arguments"
    case literalSecret = "literal_secret"
    case missingTarget = "missing_target"
    case unexpectedTarget = "unexpected_target"
    case unknownTarget = "unknown_target"
    case wrongTarget = "wrong_target"
    case notEarlier = "not_earlier"
    case unknownGuard = "unknown_guard"
    case missingApproval = "missing_approval"
    case missingSigners = "missing_signers"
    case notAPrecheck = "not_a_precheck"
    case drillActsForReal = "drill_acts_for_real"
    case drillOverride = "drill_override"
    case drillOnly = "drill_only"

    // Parameters.
    case missingValue = "missing_value"
    case sameSite = "same_site"

    // Warnings.
    case unusedParameter = "unused_parameter"
    case uncheckedTruncation = "unchecked_truncation"
    case idleKey = "idle_key"
  }
}
