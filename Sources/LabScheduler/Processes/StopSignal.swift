import Glibc

/// A clean end by SIGTERM or SIGINT, waited for instead of handled: no handler, no race.
struct StopSignal {
  private var signals = sigset_t()

  /// Holds the signals back from the whole process. Call it before any thread is started.
  init() {
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Waits; true as soon as the process has been told to end.
  func arrives(within milliseconds: Int64) -> Bool {
    var signals = signals
    var timeout = timespec(
      tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
    return sigtimedwait(&signals, nil, &timeout) > 0
  }
}
