import CCurl
import Glibc
import Runbook

/// libcurl's functions, looked up in the library when a request is first made.
///
/// `@unchecked`: raw pointers to functions, set once and never changed, of a library that is never unloaded.
struct CurlLibrary: @unchecked Sendable {
  let setOption: UnsafeMutableRawPointer
  let getInfo: UnsafeMutableRawPointer
  let easyInit: UnsafeMutableRawPointer
  let easyReset: UnsafeMutableRawPointer
  let easyCleanup: UnsafeMutableRawPointer
  let errorText: UnsafeMutableRawPointer
  let multiInit: UnsafeMutableRawPointer
  let multiCleanup: UnsafeMutableRawPointer
  let multiAdd: UnsafeMutableRawPointer
  let multiRemove: UnsafeMutableRawPointer
  let multiPerform: UnsafeMutableRawPointer
  let multiPoll: UnsafeMutableRawPointer
  let multiWakeup: UnsafeMutableRawPointer
  let multiInfoRead: UnsafeMutableRawPointer
  let listAppend: UnsafeMutableRawPointer
  let listFree: UnsafeMutableRawPointer

  private static let name = "libcurl.so.4"
  private static let loaded = Result { try CurlLibrary(loading: name) }

  /// Throws `http.library_missing` when the machine has no libcurl, or one before 7.85.
  static func shared() throws -> CurlLibrary { try loaded.get() }

  init(loading name: String) throws {
    guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
      throw ActionError(
        "http.library_missing", "HTTP needs \(name), which this machine doesn't have",
        advice: "apt-get install libcurl4")
    }
    func function(_ symbol: String) throws -> UnsafeMutableRawPointer {
      guard let address = dlsym(library, symbol) else {
        throw ActionError(
          "http.library_missing", "this machine's \(name) has no \(symbol): it is too old",
          advice: "install libcurl 7.85 or later")
      }
      return address
    }
    let globalInit = try function("curl_global_init")
    setOption = try function("curl_easy_setopt")
    getInfo = try function("curl_easy_getinfo")
    easyInit = try function("curl_easy_init")
    easyReset = try function("curl_easy_reset")
    easyCleanup = try function("curl_easy_cleanup")
    errorText = try function("curl_easy_strerror")
    multiInit = try function("curl_multi_init")
    multiCleanup = try function("curl_multi_cleanup")
    multiAdd = try function("curl_multi_add_handle")
    multiRemove = try function("curl_multi_remove_handle")
    multiPerform = try function("curl_multi_perform")
    multiPoll = try function("curl_multi_poll")
    multiWakeup = try function("curl_multi_wakeup")
    multiInfoRead = try function("curl_multi_info_read")
    listAppend = try function("curl_slist_append")
    listFree = try function("curl_slist_free_all")
    guard curl_shim_global_init(globalInit) == CURLE_OK else {
      throw ActionError("http.library_missing", "\(name) can't be initialised")
    }
  }
}
