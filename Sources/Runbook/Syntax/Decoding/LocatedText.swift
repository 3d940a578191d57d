/// A word with its place.
struct LocatedText: Sendable {
  let text: String
  let position: SourcePosition
}
