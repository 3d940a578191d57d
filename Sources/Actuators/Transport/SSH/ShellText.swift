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
  static func command(_ arguments: [String], input: String?) -> String {
    let program = "( exec " + arguments.map(quoted).joined(separator: " ") + " )"
    guard let input else { return program + " </dev/null" }
    return "printf %b " + quoted(escaped(input)) + " | " + program
  }

  /// The same in a session and a process group of its own, whose number is the first line of the output.
  static func detachedCommand(_ arguments: [String], input: String?) -> String {
    command(["setsid", "sh", "-c", "echo $$; exec \"$@\"", "sh"] + arguments, input: input)
  }

  /// As `printf %b` reads it: that way a NUL byte can be said too.
  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\0", with: "\\0000")
  }
}
