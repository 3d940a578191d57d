import Runbook

/// What OpenSSH's words mean when it doesn't get to a host.
struct SSHRefusal {
  let host: String
  let settings: SSHSettings

  /// `lost` is what came in place of the shell's first word.
  func error(_ lost: ShellChannel.Lost) -> ActionError {
    let words = lost.words
    if let known = Self.known.first(where: { known in known.signs.contains(where: words.contains) })
    {
      return known.error(host, settings, words)
    }
    guard lost.exitCode == Self.clientFailed || lost.exitCode == nil else {
      return ActionError(
        "host.shell", "\(host) let ssh in, and no shell answered: \(words)",
        advice: "the account's login shell must be able to run 'exec sh'")
    }
    return unreachable(words.isEmpty ? "ssh ended without a word" : words)
  }

  /// Whether these words are said only before somebody is let in, so that nothing can have been done. What can be said later,
  /// too, doesn't count.
  func isBeforeLogin(_ words: String) -> Bool {
    [
      "ssh: connect to host", "Could not resolve hostname", "Host key verification failed",
      "HOST IDENTIFICATION HAS CHANGED", "Permission denied (", "Too many authentication failures",
      "kex_exchange_identification", "onfiguration option", "no argument after",
    ].contains(where: words.contains)
  }

  /// What acts is run by them, see `ShellChannel`.
  func missingTools() -> ActionError {
    ActionError(
      "host.tools", "\(host) has no 'setsid' or no 'sed', by which commands are run there",
      advice: "install util-linux and sed, or see the PATH that sshd gives the account")
  }

  /// It neither answers nor refuses.
  func silence(_ limit: Duration) -> ActionError {
    unreachable("it gave no answer in \(limit.runbookText)")
  }

  func unreachable(_ why: String) -> ActionError {
    Self.unreachable(host, why, advice: "see whether it is up, and whether ssh gets there")
  }

  private static func unreachable(_ host: String, _ why: String, advice: String) -> ActionError {
    ActionError(
      "host.unreachable", "host \(host) can't be reached: \(why)", advice: advice,
      kind: .unreachable)
  }

  private static let clientFailed = 255

  private struct Known {
    let signs: [String]
    let error: @Sendable (_ host: String, _ settings: SSHSettings, _ words: String) -> ActionError
  }

  private static let known: [Known] = [
    Known(signs: ["HOST IDENTIFICATION HAS CHANGED"]) { host, settings, _ in
      ActionError(
        "host.key", "\(host) (\(settings.destination)) shows another host key than the known one",
        advice: "it may be another machine. Only after somebody at its console has compared "
          + "'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' with the key that it shows, remove "
          + "the old key by 'ssh-keygen -R' and add the new one to known_hosts")
    },
    Known(signs: ["host key is known for", "Host key verification failed"]) { host, settings, _ in
      ActionError(
        "host.key", "the host key of \(host) (\(settings.destination)) is not known",
        advice: "compare what 'ssh-keyscan HOST | ssh-keygen -lf -' shows with 'ssh-keygen -lf "
          + "/etc/ssh/ssh_host_ed25519_key.pub' at its console; if they are the same, add the "
          + "scanned line to known_hosts")
    },
    Known(signs: ["Permission denied (", "Too many authentication failures"]) {
      host, settings, words in
      ActionError(
        "host.authentication", "\(host) (\(settings.destination)) does not let ssh in: \(words)",
        advice: "see that the key is in the account's authorized_keys, and that ssh may use it "
          + "without asking (an agent, or a key without passphrase)")
    },
    Known(signs: ["Bad configuration option", "bad configuration option", "no argument after"]) {
      host, _, words in
      ActionError(
        "host.ssh_config", "ssh can't read its configuration for \(host): \(words)",
        advice: "mend the file that it names")
    },
    Known(signs: ["Could not resolve hostname"]) { host, settings, _ in
      unreachable(
        host, "the name '\(settings.destination)' does not resolve",
        advice: "see 'to' in the inventory, ssh_config and the name service")
    },
    Known(signs: ["Connection refused"]) { host, _, words in
      unreachable(
        host, "the connection was refused: \(words)",
        advice: "the machine is up and no sshd listens there: see the port, and sshd")
    },
    Known(signs: ["timed out"]) { host, _, words in
      unreachable(
        host, "it gave no answer: \(words)", advice: "see whether it is up, and the network to it")
    },
  ]
}
