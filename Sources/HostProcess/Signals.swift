import CLinux
import Glibc

/// The signals that ask the process to end.
package enum Signals {
  private static let ending = [SIGTERM, SIGINT, SIGHUP]

  /// Keeps them from ending the process by themselves, and a broken pipe or a file at its limit (RLIMIT_FSIZE), which
  /// are errors of a write, from ending it at all. Call it before the first thread is started: threads inherit it.
  package static func block() {
    var set = endingSet
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Calls `first` with the first of them, on a thread of its own. The second ends the process at once, with status
  /// 128 + its number.
  package static func watch(_ first: @escaping @Sendable (Int32) -> Void) throws(StartFailure) {
    let hasStarted = DetachedThread.start("onbehalf-signal") {
      first(next())
      _exit(128 + next())
    }
    guard hasStarted else { throw StartFailure(description: "cannot start a thread") }
  }

  private static func next() -> Int32 {
    var set = endingSet
    var signal: Int32 = 0
    while sigwait(&set, &signal) != 0 {}
    return signal
  }

  private static var endingSet: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in ending { sigaddset(&set, signal) }
    return set
  }
}
