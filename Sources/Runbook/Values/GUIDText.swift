/// GUIDs are compared without regard to case, blanks and braces: programs write them in all ways.
public enum GUIDText {
  public static func normalised(_ text: String) -> String {
    text.filter { !$0.isWhitespace && $0 != "{" && $0 != "}" }.lowercased()
  }
}
