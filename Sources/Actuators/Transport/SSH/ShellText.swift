import Runbook

/// Text for a POSIX shell. The only place that quotes.
///
/// What is written here is read by an `sh` that the login shell was replaced by (`exec sh`), so it doesn't matter which login
/// shell an account has: bash, zsh, fish and csh all can do that much.
enum ShellText {
  /// Linux takes no longer argument.
  static let argumentLimitBytes = 128 * 1024 - 1

  /// One word, byte for byte, whatever it holds but NUL.
  static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: "'\\''") + "'"
  }

  /// Runs a program in a process of its own. The shell's own input, on which the next command comes, is kept from it.
  ///
  /// A part of it is not a whole command: cut off anywhere, the shell runs nothing.
  static func command(
    _ arguments: [String], environment: [String: String] = [:], input: String? = nil
  ) -> String {
    let exports = environment.sorted { $0.key < $1.key }
      .map { "export \($0.key)=\(quoted($0.value)); " }.joined()
    let program = "( \(exports)exec " + arguments.map(quoted).joined(separator: " ") + " )"
    guard let input else { return program + " </dev/null" }
    return "printf %b " + quoted(escaped(input)) + " | " + program
  }

  /// As a command, whose process then leads a session and a process group of its own. Their number is the first line of the
  /// output.
  static func detached(_ arguments: [String]) -> [String] {
    ["setsid", "sh", "-c", "echo $$; exec \"$@\"", "sh"] + arguments
  }

  /// Whether a shell can set it; `env` takes any name.
  static func isVariable(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
  }

  /// As `printf %b` reads it: that way a NUL byte can be said too.
  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\0", with: "\\0000")
  }
}
