import CYAML

/// One event of libyaml's parser, reduced to what the reader asks.
struct YAMLEvent {
  enum Kind {
    case documentStart
    case end
    case alias(String)
    case scalar(YAMLScalar)
    case sequenceStart
    case mappingStart
    case collectionEnd
    /// The start of the stream and the ends of documents: nothing to do.
    case marker
  }

  let kind: Kind
  let position: SourcePosition
  var anchor: String?
  var hasTag = false
}

/// What libyaml says when it gives up.
struct YAMLParserError: Error {
  enum Place {
    case mark(SourcePosition, scalarIndex: Int)
    case byte(Int)
  }

  let problem: String
  let place: Place
  /// What it was reading, and since where.
  let context: String?
  let contextPosition: SourcePosition?
}

/// libyaml's event parser over bytes in memory.
///
/// The bytes must outlive it: make it inside `withUnsafeBufferPointer`.
struct YAMLEvents: ~Copyable {
  // libyaml keeps pointers into the parser itself, so it must stay at one address.
  private let parser: UnsafeMutablePointer<yaml_parser_t>

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    parser = .allocate(capacity: 1)
    // It fails only when memory is exhausted, where Swift's own allocations trap too.
    precondition(yaml_parser_initialize(parser) == 1, "no memory for libyaml's parser")
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// The next event. After `.end` it isn't asked again.
  func next() throws(YAMLParserError) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
    defer { yaml_event_delete(&event) }
    return YAMLEvent(event)
  }

  private func failure() -> YAMLParserError {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "the text can't be read"
    let isReaderError = parser.pointee.error == YAML_READER_ERROR
    let mark = parser.pointee.problem_mark
    let context = parser.pointee.context.map { String(cString: $0) }
    return YAMLParserError(
      problem: problem,
      place: isReaderError
        ? .byte(parser.pointee.problem_offset)
        : .mark(SourcePosition(mark), scalarIndex: mark.index),
      context: context,
      contextPosition: context == nil ? nil : SourcePosition(parser.pointee.context_mark))
  }
}

extension SourcePosition {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: mark.line + 1, column: mark.column + 1)
  }
}

extension YAMLEvent {
  fileprivate init(_ event: yaml_event_t) {
    position = SourcePosition(event.start_mark)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: kind = .documentStart
    case YAML_STREAM_END_EVENT: kind = .end
    case YAML_ALIAS_EVENT: kind = .alias(String(yaml: event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      kind = .scalar(
        YAMLScalar(
          text: String(decoding: text, as: UTF8.self),
          isQuoted: scalar.style != YAML_PLAIN_SCALAR_STYLE))
      anchor = String(yaml: scalar.anchor)
      hasTag = scalar.tag != nil
    case YAML_SEQUENCE_START_EVENT:
      kind = .sequenceStart
      anchor = String(yaml: event.data.sequence_start.anchor)
      hasTag = event.data.sequence_start.tag != nil
    case YAML_MAPPING_START_EVENT:
      kind = .mappingStart
      anchor = String(yaml: event.data.mapping_start.anchor)
      hasTag = event.data.mapping_start.tag != nil
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: kind = .collectionEnd
    default: kind = .marker
    }
  }
}

extension String {
  fileprivate init?(yaml text: UnsafeMutablePointer<yaml_char_t>?) {
    guard let text else { return nil }
    self.init(decodingCString: text, as: UTF8.self)
  }
}
