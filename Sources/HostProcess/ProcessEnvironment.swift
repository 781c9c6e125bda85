import CLinux
import Glibc

/// The environment as C libraries may see it, and what we read of the rest.
///
/// Everything is dropped that is not known to be needed, since a variable can load code or move trust:
/// `SECRET_BACKEND`, `OPENSSL_CONF`, `SSLKEYLOGFILE`, `GIO_EXTRA_MODULES` and `LD_PRELOAD` among them. `SSL_CERT_FILE`
/// and `SSL_CERT_DIR` go too: they replace the root certificates for every profile, where a profile's `caFile` only
/// adds to its own.
package struct ProcessEnvironment: Sendable, Equatable {
  /// What stays in the process.
  package let kept: [String: String]
  /// `https_proxy`, else `HTTPS_PROXY`; a value for us and not for a library. It may hold a password.
  package let proxy: String?
  /// `no_proxy`, else `NO_PROXY`.
  package let noProxy: String?

  private static let keptNames: Set<String> = [
    "CREDENTIALS_DIRECTORY", "DBUS_SESSION_BUS_ADDRESS", "HOME", "LANG", "LOGNAME", "PATH", "STATE_DIRECTORY", "TMPDIR",
    "TZ", "USER",
    "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
  ]
  private static let keptPrefixes = ["LC_", "ONBEHALF_"]

  package init(_ variables: [String: String]) {
    kept = variables.filter { name, _ in
      Self.keptNames.contains(name) || Self.keptPrefixes.contains { name.hasPrefix($0) }
    }
    func first(_ names: String...) -> String? { names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty } }
    proxy = first("https_proxy", "HTTPS_PROXY")
    noProxy = first("no_proxy", "NO_PROXY")
  }

  /// Rebuilds the environment of this process. Call it first of all: before another thread runs, which could be reading
  /// it, and before a C library has looked.
  package static func rebuild() -> ProcessEnvironment {
    let environment = ProcessEnvironment(current())
    clearenv()
    for (name, value) in environment.kept { setenv(name, value, 1) }
    return environment
  }

  /// A name that stands there twice has its first value, as for getenv(3).
  static func current() -> [String: String] {
    var variables: [String: String] = [:]
    var next = onbehalf_environment()
    while let entry = next?.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, variables[String(parts[0])] == nil { variables[String(parts[0])] = String(parts[1]) }
      next = next?.advanced(by: 1)
    }
    return variables
  }
}
