import CLinux
import Glibc

/// Makes it harder to read this process's memory and files from outside. Against code of the same user it is no wall
/// (protocol/SECURITY.md).
package enum Hardening {
  /// Returns what the system refused, one sentence each.
  package static func apply() -> [String] {
    umask(0o077)
    var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
    let steps: [(String, Int32)] = [
      ("no debugger and no core dump", onbehalf_prctl(PR_SET_DUMPABLE, 0)),
      ("no core dump", setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)),
      ("no new privileges", onbehalf_prctl(PR_SET_NO_NEW_PRIVS, 1)),
    ]
    return steps.filter { $0.1 != 0 }.map { "the system refused to set: \($0.0)" }
  }
}
