/// A rehearsal takes sites for lost. It is an assumption: nothing there was asked.
public struct LostSiteAssumed: Record {
  public static let kind = "lost_site.assumed"
  public let sites: [String]

  public init(sites: [String]) { self.sites = sites }
}

/// What on the surviving path still points at the sites that a rehearsal takes for lost.
public struct LostSitePointers: Record {
  public static let kind = "lost_site.pointers"

  /// One thing that points there.
  public struct Pointer: Sendable, Hashable, Codable {
    /// Stable.
    public let code: String
    public let what: String
    public let why: String
    /// What to do about it.
    public let advice: String
    /// Where it is written; absent of what was seen in the world.
    public let file: String?
    public let line: Int?
    public let column: Int?
    /// The step that puts an end to it; absent when none does.
    public let removedBy: String?

    public init(
      code: String, what: String, why: String, advice: String, file: String? = nil,
      line: Int? = nil, column: Int? = nil, removedBy: String? = nil
    ) {
      self.code = code
      self.what = what
      self.why = why
      self.advice = advice
      self.file = file
      self.line = line
      self.column = column
      self.removedBy = removedBy
    }

    enum CodingKeys: String, CodingKey {
      case code, what, why, advice, file, line, column
      case removedBy = "removed_by"
    }
  }

  public let sites: [String]
  public let pointers: [Pointer]

  public init(sites: [String], pointers: [Pointer]) {
    self.sites = sites
    self.pointers = pointers
  }
}
