import Glibc

/// Settings of this whole process that starting children needs. Made once.
enum ProcessSettings {
  /// Raises the limit on open files to what the system allows, as each child takes four; and ignores SIGPIPE, as a child
  /// may end before it has read its input, and that must not end Lifeboat. Children get the default back.
  static let prepareForChildren: Void = {
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < limit.rlim_max
    {
      limit.rlim_cur = limit.rlim_max
      // Where it is refused the old limit stands, and starting a child says so when it is reached.
      _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
    signal(SIGPIPE, SIG_IGN)
  }()
}
