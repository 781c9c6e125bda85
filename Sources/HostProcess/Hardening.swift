import CLinux
import Glibc

/// Keeps this process's memory and files from the rest of the machine. What code of the same user can do nevertheless is
/// in protocol/SECURITY.md.
package enum Hardening {
  /// The signals of a crash.
  private static let crashes = [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

  /// To be called before there is a secret. Returns what the system refused, one sentence each.
  ///
  /// A process that is not dumpable belongs to root in `/proc`, and only root may trace it (ptrace(2), "Ptrace access mode
  /// checking"). The kernel makes it dumpable again when it executes a program or changes its user; it does neither.
  package static func apply() -> [String] {
    umask(0o077)
    // Swift's runtime would let a program read the memory of one that crashes, and print what it finds; and it waits for
    // threads that block every signal.
    for crash in crashes { signal(crash, SIG_DFL) }
    var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
    let steps: [(String, Int32)] = [
      ("no debugger and no core dump", onbehalf_prctl(PR_SET_DUMPABLE, 0)),
      ("no core dump", setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)),
      ("no new privileges", onbehalf_prctl(PR_SET_NO_NEW_PRIVS, 1)),
    ]
    return steps.filter { $0.1 != 0 }.map { "the system refused to set: \($0.0)" }
  }
}
