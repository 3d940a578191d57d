/// What a host can't have, as what it runs has no such thing.
struct HostSystemCheck {
  let diagnostics: DiagnosticCollector
  let record: RecordNode

  func report(
    _ system: OperatingSystem?, _ connection: Connection, _ manager: ServiceManager?
  ) {
    guard system == .windows else {
      if manager == .windows {
        refuse(
          "service_manager", "only a Windows host has the service manager 'windows'",
          hint: "add 'os: windows', or reach it by a connection of kind winrm")
      }
      return
    }
    switch connection {
    case .ssh, .winrm: break
    case .local, .exec:
      refuse(
        "os", "a Windows host is reached by ssh or winrm", hint: "remove 'os', or see 'connection'")
    }
    if record["elevate"] != nil {
      refuse(
        "elevate", "there is no sudo on Windows", hint: "let an account log in that has the rights")
    }
    if record["inside"] != nil {
      refuse(
        "inside", "on Windows no program stands before what is run", hint: "remove 'inside'")
    }
    if let manager, manager != .windows {
      refuse(
        "service_manager", "on Windows there is only its own service manager",
        hint: "write { kind: windows }")
    }
  }

  private func refuse(_ key: String, _ message: String, hint: String) {
    diagnostics.error(.badValue, at: record.keyPosition(of: key), message, hint: hint)
  }
}
