import Runbook

/// Windows' remote shell over HTTPS: a shell, one command in it, and the shell's end, whatever comes between.
struct WinRMShell: WindowsShell {
  /// To be let in and given a shell.
  private static let openingLimit = Duration.seconds(10)
  /// What is tidied up must not hold up who waits for it.
  private static let closingLimit = Duration.seconds(5)

  let host: Host
  let client: WinRMClient

  func run(
    _ words: [String], input: String, for invocation: Invocation
  ) async throws -> CommandResult {
    try await client.places.withPlace {
      let conversation = try await WinRMConversation(client)
      let shell = try await open(conversation)
      return try await run(words, input: input, for: invocation, in: shell, conversation)
    }
  }

  /// Isn't cancelled with its caller: what was made must be known, to be deleted.
  private func open(_ conversation: WinRMConversation) async throws -> String {
    let opening = Task { try await conversation.ask(.create, within: Self.openingLimit) }
    do {
      guard let shell = try await opening.value.shellID else {
        throw WinRMConversation.Trouble.unreadable(status: 200)
      }
      return shell
    } catch let trouble as WinRMConversation.Trouble {
      throw refusal(trouble)
    }
  }

  private func run(
    _ words: [String], input: String, for invocation: Invocation, in shell: String,
    _ conversation: WinRMConversation
  ) async throws -> CommandResult {
    var command: String?
    do {
      try Task.checkCancellation()
      command = try await begin(words, in: shell, conversation)
      let result = try await finish(command ?? "", input: input, in: shell, conversation)
      await tidy(command, shell, conversation)
      return result
    } catch {
      await tidy(command, shell, conversation)
      guard let trouble = error as? WinRMConversation.Trouble else { throw error }
      // Without its input a command has done nothing.
      throw command == nil ? refusal(trouble) : lost(invocation, trouble)
    }
  }

  private func begin(
    _ words: [String], in shell: String, _ conversation: WinRMConversation
  ) async throws -> String {
    let answer = try await conversation.ask(.command(words, shell: shell))
    guard let command = answer.commandID else {
      throw WinRMConversation.Trouble.unreadable(status: 200)
    }
    return command
  }

  private func finish(
    _ command: String, input: String, in shell: String, _ conversation: WinRMConversation
  ) async throws -> CommandResult {
    _ = try await conversation.ask(.send(input, command: command, shell: shell))
    var output = CutText()
    var error = CutText()
    while true {
      do {
        let answer = try await conversation.ask(.receive(command: command, shell: shell))
        output.append(answer.output)
        error.append(answer.error)
        guard answer.isDone else { continue }
        return CommandResult(
          exitCode: answer.exitCode ?? 0, standardOutput: output.text, standardError: error.text,
          cutBytes: output.cutBytes + error.cutBytes)
      } catch WinRMConversation.Trouble.fault(let fault)
        where fault.code == WinRMAnswer.Fault.operationTimedOut
      {
        // Nothing to say yet: asked again, until whoever waits gives up.
        try Task.checkCancellation()
      }
    }
  }

  /// A shell that can't be deleted goes by itself after three minutes; there is nobody who could do more.
  private func tidy(
    _ command: String?, _ shell: String, _ conversation: WinRMConversation
  ) async {
    // What ends the command must not be cancelled with it.
    await Task {
      if let command {
        _ = try? await conversation.ask(
          .terminate(command: command, shell: shell), within: Self.closingLimit)
      }
      _ = try? await conversation.ask(.delete(shell: shell), within: Self.closingLimit)
    }.value
  }

  // MARK: - Words

  private func lost(
    _ invocation: Invocation, _ trouble: WinRMConversation.Trouble
  ) -> ActionError {
    invocation.unanswered(
      "command.lost",
      "'\(invocation.program)' was started on \(host.id), and its end was not seen: "
        + words(of: trouble),
      lookingAdvice: "see whether the host is up, and the network to it")
  }

  /// Nothing was done.
  private func refusal(_ trouble: WinRMConversation.Trouble) -> ActionError {
    switch trouble {
    case .neverSent, .lost:
      return ActionError(
        "host.unreachable", "host \(host.id) can't be reached: \(words(of: trouble))",
        advice:
          "see whether it is up, whether WinRM listens at \(client.settings.url), and whether "
          + "its certificate is of an authority that 'ca' names", kind: .unreachable)
    case .refused:
      return ActionError(
        "host.authentication",
        "\(host.id) (\(client.settings.url)) does not let in: \(words(of: trouble))",
        advice: client.settings.authentication == .negotiate
          ? "see by klist whether there is a ticket, and whether the account may use WinRM there"
          : "see user, password and 'authentication' in the inventory, what the host's WinRM "
            + "offers, and whether the account is in Remote Management Users there")
    case .fault(let fault) where fault.code == WinRMAnswer.Fault.tooManyShells:
      return ActionError(
        "windows.too_many_shells", "\(host.id) gives the account no more shells",
        advice: "end others, or raise MaxShellsPerUser there")
    case .fault, .unreadable:
      return ActionError(
        "windows.remote_shell", "\(host.id) gives no shell: \(words(of: trouble))",
        advice: "see WinRM's settings there, by 'winrm get winrm/config'")
    }
  }

  private func words(of trouble: WinRMConversation.Trouble) -> String {
    switch trouble {
    case .neverSent(let words), .lost(let words): words
    case .refused(let status): "HTTP status \(status)"
    case .fault(let fault): fault.words
    case .unreadable(let status): "what answers there is no WinRM (HTTP status \(status))"
    }
  }
}
