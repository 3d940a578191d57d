extension String {
  /// Where a name or an address occurs as a whole: `db.example` does neither in `a.db.example`, nor `10.0.0.1` in `10.0.0.12`.
  func ranges(ofWholeName name: String) -> [Range<Index>] {
    ranges(of: name).filter { range in
      let isBegun = self[..<range.lowerBound].last.map(\.isOfName) ?? false
      var rest = self[range.upperBound...]
      if rest.first == "." { rest = rest.dropFirst() }
      return !isBegun && !(rest.first.map(\.isOfName) ?? false)
    }
  }
}

extension Character {
  fileprivate var isOfName: Bool { isLetter || isNumber || "-_.".contains(self) }
}
