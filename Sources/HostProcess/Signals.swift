import CLinux
import Glibc

/// The signals that ask the process to end, and the one that asks it to forget (SIGUSR1).
package enum Signals {
  private static let ending = [SIGTERM, SIGINT, SIGHUP]

  private static let forgetting = SIGUSR1

  /// Keeps them from ending the process by themselves, and a broken pipe or a file at its limit (RLIMIT_FSIZE), which
  /// are errors of a write, from ending it at all. Call it before the first thread is started: threads inherit it.
  package static func block() {
    var set = watchedSet
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Calls `forget` for each SIGUSR1, and `end` with the first that asks for the end, on a thread of its own. The second
  /// of these ends the process at once, with status 128 + its number.
  package static func watch(
    forget: @escaping @Sendable () -> Void,
    end: @escaping @Sendable (Int32) -> Void
  ) throws(StartFailure) {
    let hasStarted = DetachedThread.start("onbehalf-signal") {
      end(nextEnding(forget))
      _exit(128 + nextEnding(forget))
    }
    guard hasStarted else { throw StartFailure(description: "cannot start a thread") }
  }

  private static func nextEnding(_ forget: () -> Void) -> Int32 {
    while true {
      let signal = next()
      guard signal == forgetting else { return signal }
      forget()
    }
  }

  private static func next() -> Int32 {
    var set = watchedSet
    var signal: Int32 = 0
    while sigwait(&set, &signal) != 0 {}
    return signal
  }

  private static var watchedSet: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in ending + [forgetting] { sigaddset(&set, signal) }
    return set
  }
}
