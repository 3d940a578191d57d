/// An account that services of a Windows host run under, as far as a scheduled task can run under it without a password.
struct ServiceAccount: Sendable, Hashable {
  /// As the host shows it.
  let name: String
  /// As a task's principal names it: a number where the name depends on the system's language.
  let identity: String
  let logonType: String

  /// Nil for one whose password would be needed, and for a service's virtual account.
  init?(_ name: String) {
    self.name = name
    let builtIn = [
      "localsystem": "S-1-5-18", #"nt authority\system"#: "S-1-5-18",
      #"nt authority\localservice"#: "S-1-5-19", #"nt authority\networkservice"#: "S-1-5-20",
    ]
    if let identity = builtIn[name.lowercased()] {
      self.identity = identity
      logonType = "ServiceAccount"
    } else if name.contains("\\"), name.hasSuffix("$") {
      // Group-managed: the domain gives the host its password.
      identity = name
      logonType = "Password"
    } else {
      return nil
    }
  }
}
