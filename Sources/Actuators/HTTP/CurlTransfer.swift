import CCurl
import Runbook
import Synchronization

/// One HTTP request and its response. `perform` blocks its thread; `cancel` may be called from any other.
///
/// `@unchecked`: the handles belong to the thread that performs, except for `curl_multi_wakeup`, which libcurl documents
/// as safe from any thread; the mutex keeps it from being called after the clean-up.
final class CurlTransfer: @unchecked Sendable {
  struct Request {
    var method: String
    var url: String
    var headers: [String]
    var body: String?
    var timeout: Duration
    var connectTimeout: Duration?
    var login: Login?
    /// A file of the certificates to trust in place of this machine's.
    var authority: String?
  }

  /// Who asks. It goes to the server alone, and into no message.
  struct Login {
    /// libcurl's numbers.
    enum Scheme: Int {
      case basic = 1
      case negotiate = 4
      case ntlm = 8
    }

    var scheme: Scheme
    /// Empty for a ticket's own.
    var user: String
    var password: Secret
  }

  enum Ending {
    case response(status: Int, body: [UInt8], cutBytes: Int)
    /// A `CURLcode` and libcurl's words for it.
    case failed(code: UInt32, String)
    case cancelled
  }

  /// The `CURLcode`s after which the server can't have read anything of the request.
  static let neverSent: Set<UInt32> = Set(
    [
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
      CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
    ].map(\.rawValue))

  private struct State: ~Copyable {
    var isCancelled = false
    /// The address of the multi handle for as long as it may be woken.
    var multi: UInt?
  }

  private static let bodyLimitBytes = 1 << 20
  /// No more than a safety net: `curl_multi_wakeup` ends the wait at once.
  private static let pollMilliseconds: Int32 = 1000

  private let handles: CurlHandles
  private let request: Request
  private let state = Mutex(State())
  private var body: [UInt8] = []
  private var cutBytes = 0

  init(_ request: Request, by handles: CurlHandles) {
    self.request = request
    self.handles = handles
  }

  private var library: CurlLibrary { handles.library }

  func cancel() {
    state.withLock { state in
      state.isCancelled = true
      if let multi = state.multi.flatMap(UnsafeMutableRawPointer.init(bitPattern:)) {
        _ = curl_shim_multi_wakeup(library.multiWakeup, multi)
      }
    }
  }

  func perform() -> Ending {
    let (easy, multi) = (handles.easy, handles.multi)
    curl_shim_easy_cleanup(library.easyReset, easy)
    let address = UInt(bitPattern: multi)
    state.withLock { $0.multi = address }
    var headers: UnsafeMutablePointer<curl_slist>?
    defer {
      state.withLock { $0.multi = nil }
      _ = curl_shim_multi_handle(library.multiRemove, multi, easy)
      curl_shim_slist_free(library.listFree, headers)
    }
    for header in request.headers {
      headers = curl_shim_slist_append(library.listAppend, headers, header)
    }
    let code = configure(easy, headers: headers)
    guard code == CURLE_OK else { return failure(Int32(code.rawValue)) }
    guard curl_shim_multi_handle(library.multiAdd, multi, easy) == CURLM_OK else {
      return .failed(code: CURLE_FAILED_INIT.rawValue, "libcurl can't start the request")
    }
    return drive(easy, multi)
  }

  private func drive(_ easy: UnsafeMutableRawPointer, _ multi: UnsafeMutableRawPointer) -> Ending {
    var running: Int32 = 1
    while running > 0 {
      if state.withLock({ $0.isCancelled }) { return .cancelled }
      guard curl_shim_multi_perform(library.multiPerform, multi, &running) == CURLM_OK else {
        return .failed(code: CURLE_RECV_ERROR.rawValue, "libcurl lost the transfer")
      }
      if running > 0 {
        _ = curl_shim_multi_poll(library.multiPoll, multi, Self.pollMilliseconds)
      }
    }
    let result = curl_shim_transfer_result(library.multiInfoRead, multi)
    guard result == 0 else { return failure(result) }
    var status = 0
    _ = curl_shim_response_code(library.getInfo, easy, &status)
    return .response(status: status, body: body, cutBytes: cutBytes)
  }

  private func configure(
    _ easy: UnsafeMutableRawPointer, headers: UnsafeMutablePointer<curl_slist>?
  ) -> CURLcode {
    let set = library.setOption
    let context = Unmanaged.passUnretained(self).toOpaque()
    var codes = [
      curl_shim_set_text(set, easy, CURLOPT_URL, request.url),
      // Nothing but HTTP, redirects are answers and not followed, certificates are verified (libcurl's default).
      curl_shim_set_text(set, easy, CURLOPT_PROTOCOLS_STR, "http,https"),
      curl_shim_set_long(set, easy, CURLOPT_FOLLOWLOCATION, 0),
      curl_shim_set_long(set, easy, CURLOPT_NOSIGNAL, 1),
      curl_shim_set_long(
        set, easy, CURLOPT_TIMEOUT_MS, Int(max(1, request.timeout.milliseconds))),
      curl_shim_set_pointer(set, easy, CURLOPT_HTTPHEADER, headers),
      curl_shim_set_write(set, easy, Self.receive, context),
      curl_shim_set_text(set, easy, CURLOPT_CUSTOMREQUEST, request.method),
    ]
    if request.method == "HEAD" { codes.append(curl_shim_set_long(set, easy, CURLOPT_NOBODY, 1)) }
    if let limit = request.connectTimeout {
      codes.append(
        curl_shim_set_long(set, easy, CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, limit.milliseconds))))
    }
    if let authority = request.authority {
      codes.append(curl_shim_set_text(set, easy, CURLOPT_CAINFO, authority))
    }
    if let login = request.login {
      codes.append(curl_shim_set_long(set, easy, CURLOPT_HTTPAUTH, login.scheme.rawValue))
      codes.append(curl_shim_set_text(set, easy, CURLOPT_USERNAME, login.user))
      codes.append(curl_shim_set_text(set, easy, CURLOPT_PASSWORD, login.password.reveal()))
    }
    if let body = request.body {
      let length = curl_off_t(body.utf8.count)
      codes.append(curl_shim_set_size(set, easy, CURLOPT_POSTFIELDSIZE_LARGE, length))
      codes.append(curl_shim_set_text(set, easy, CURLOPT_COPYPOSTFIELDS, body))
    }
    return codes.first { $0 != CURLE_OK } ?? CURLE_OK
  }

  private static let receive: curl_shim_write = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    transfer.append(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
  }

  private func append(_ bytes: UnsafeRawBufferPointer) {
    let taken = min(bytes.count, Self.bodyLimitBytes - body.count)
    body.append(contentsOf: bytes.prefix(taken))
    cutBytes += bytes.count - taken
  }

  private func failure(_ code: Int32) -> Ending {
    .failed(
      code: UInt32(bitPattern: code),
      String(cString: curl_shim_error_text(library.errorText, code)))
  }
}
