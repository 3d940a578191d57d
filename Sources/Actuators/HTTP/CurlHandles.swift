import CCurl
import Runbook

/// libcurl's handles of one conversation: its requests go one after the other, over one connection where the server keeps it.
///
/// `@unchecked`: used by one transfer at a time, on the thread that performs it.
final class CurlHandles: @unchecked Sendable {
  let library: CurlLibrary
  let easy: UnsafeMutableRawPointer
  let multi: UnsafeMutableRawPointer

  init() throws {
    library = try CurlLibrary.shared()
    guard let easy = curl_shim_easy_init(library.easyInit) else { throw Self.noMemory }
    guard let multi = curl_shim_multi_init(library.multiInit) else {
      curl_shim_easy_cleanup(library.easyCleanup, easy)
      throw Self.noMemory
    }
    self.easy = easy
    self.multi = multi
  }

  deinit {
    curl_shim_easy_cleanup(library.easyCleanup, easy)
    _ = curl_shim_multi_cleanup(library.multiCleanup, multi)
  }

  private static let noMemory = ActionError("http.no_memory", "libcurl has no memory")
}
