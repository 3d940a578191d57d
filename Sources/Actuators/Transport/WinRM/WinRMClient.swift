import Runbook
import Synchronization

/// What is common to all commands of one account on one host.
struct WinRMClient: Sendable {
  let settings: WinRMSettings
  let secrets: SecretResolver
  /// Windows lets an account have five shells; one is left to others.
  let places: ConcurrencyLimit
}

/// One client for each way in.
final class WinRMClients: Sendable {
  private static let shellsAtOnce = 4

  private let secrets: SecretResolver
  private let clients = Mutex<[WinRMSettings: WinRMClient]>([:])

  init(secrets: SecretResolver) { self.secrets = secrets }

  func client(for settings: WinRMSettings) -> WinRMClient {
    clients.withLock { clients in
      if let client = clients[settings] { return client }
      let client = WinRMClient(
        settings: settings, secrets: secrets, places: ConcurrencyLimit(Self.shellsAtOnce))
      clients[settings] = client
      return client
    }
  }
}

/// The messages of one command, over one connection: NTLM lets a connection in, and not a message.
struct WinRMConversation: Sendable {
  /// Why a message has no answer.
  enum Trouble: Error {
    /// It can't have been read there.
    case neverSent(String)
    /// Nobody knows.
    case lost(String)
    case refused(status: Int)
    case fault(WinRMAnswer.Fault)
    /// What answered is no WinRM.
    case unreadable(status: Int)
  }

  private static let connectTimeout = Duration.seconds(5)
  /// Beyond what the server may take to say that there is nothing yet.
  private static let patience = Duration.seconds(WinRMMessage.operationTimeoutSeconds + 10)

  private let settings: WinRMSettings
  private let login: CurlTransfer.Login
  private let handles: CurlHandles

  init(_ client: WinRMClient) async throws {
    settings = client.settings
    handles = try CurlHandles()
    var password = Secret("")
    if let reference = settings.password {
      password = try await client.secrets.resolve(reference)
    }
    let scheme: CurlTransfer.Login.Scheme =
      switch settings.authentication {
      case .basic: .basic
      case .ntlm: .ntlm
      case .negotiate: .negotiate
      }
    login = CurlTransfer.Login(
      scheme: scheme, user: settings.user ?? "", password: password)
  }

  /// Throws `Trouble`, and `CancellationError`. libcurl sends a message again when a connection that was kept turns out to be
  /// dead. That does no harm: a command acts when its input is complete, once, and a second command gets none.
  func ask(_ work: WinRMMessage.Work, within limit: Duration? = nil) async throws -> WinRMAnswer {
    let transfer = CurlTransfer(
      .init(
        method: "POST", url: settings.url,
        headers: ["Content-Type: application/soap+xml;charset=UTF-8", "Expect:"],
        body: WinRMMessage(url: settings.url, work: work).text,
        timeout: limit ?? Self.patience, connectTimeout: Self.connectTimeout, login: login,
        authority: settings.authority),
      by: handles)
    switch await transfer.ending() {
    case .cancelled: throw CancellationError()
    case .failed(let code, let words):
      throw CurlTransfer.neverSent.contains(code) ? Trouble.neverSent(words) : Trouble.lost(words)
    case .response(let status, let body, _):
      guard status != 401, status != 403 else { throw Trouble.refused(status: status) }
      guard let answer = WinRMAnswer(String(decoding: body, as: UTF8.self)) else {
        throw Trouble.unreadable(status: status)
      }
      if let fault = answer.fault { throw Trouble.fault(fault) }
      guard status == 200 else { throw Trouble.unreadable(status: status) }
      return answer
    }
  }
}
