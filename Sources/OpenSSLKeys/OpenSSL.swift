import COpenSSL
import Delegation

/// The library as a whole: how it starts, and what it says when it refuses.
package enum OpenSSL {
  /// Starts OpenSSL with the locked heap, without its configuration file and without its exit handler. Called before any
  /// other C library runs; later calls do nothing.
  ///
  /// A configuration file may load modules into the process. The exit handler frees what threads may still be signing
  /// with. A failure to start shows at the first operation.
  ///
  /// - Returns: what the system refused, one sentence each, for the log.
  @discardableResult
  package static func start() -> [String] { started }

  private static let started: [String] = {
    let refusals = LockedHeap.install()
    OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG) | UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    return refusals
  }()

  /// Of the library that is loaded, as `3.0.17`.
  package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)) }

  /// The failure of `operation`, with OpenSSL's fixed texts for the reasons. The error queue is empty afterwards, so that
  /// no later call is blamed for it; data attached to an error is dropped, for it may quote the input.
  static func failure(_ operation: String) -> KeyFailure {
    var reasons: [String] = []
    while case let code = ERR_get_error(), code != 0 {
      if let reason = ERR_reason_error_string(code) { reasons.append(String(cString: reason)) }
    }
    return .failed(operation: reasons.isEmpty ? operation : "\(operation): \(reasons.joined(separator: ", "))")
  }

  /// Forgets what a refused attempt left in the error queue.
  static func forgetErrors() { ERR_clear_error() }
}
