import Glibc

/// How many files and sockets the process may have open.
enum DescriptorLimit {
  /// More are never needed, and some kernels say "unlimited".
  private static let most: rlim_t = 65_536

  static var current: Int { Int(min(read().rlim_cur, most)) }

  /// Raises the soft limit as far as the hard one allows: the usual 1,024 are fewer than the requests we take.
  static func raise() {
    var limit = read()
    let wanted = min(limit.rlim_max, most)
    guard limit.rlim_cur < wanted else { return }
    limit.rlim_cur = wanted
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  private static func read() -> rlimit {
    var limit = rlimit(rlim_cur: 256, rlim_max: 256)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return limit
  }
}
