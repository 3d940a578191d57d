import Foundation
import Journal

extension Timestamp {
  /// A time as databases and schedulers write it: RFC 3339, with or without fractions of a second. Nil for anything else.
  init?(rfc3339 text: String) {
    let styles = [true, false].map { Date.ISO8601FormatStyle(includingFractionalSeconds: $0) }
    guard
      text.wholeMatch(of: #/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})/#)
        != nil,
      let date = styles.lazy.compactMap({ try? $0.parse(text) }).first
    else { return nil }
    self.init(date)
  }
}
