/// How much a document may ask of its reader. Runbooks of ten thousand steps stay well below.
struct YAMLLimits: Sendable {
  /// The text's size in bytes.
  var bytes = 1 << 20
  /// How deep lists and mappings may nest, aliases expanded.
  var depth = 64
  /// How many nodes there may be, aliases expanded. Keys don't count.
  var nodes = 200_000
  /// One scalar's size in bytes of UTF-8.
  var scalarBytes = 64 << 10
}
