import Delegation
import JSON
import JSONRPC

extension ResponseError {
  /// Nothing was signed, sent or stored, for there would have been no record of it; or the record cannot be read.
  static func audit(_ failure: FileFailure, path: String) -> ResponseError {
    let (isRetryable, hint) =
      switch failure {
      case .lockTimedOut: (true, "Look who holds the lock, a stopped sidecar perhaps (fuser names it), then try again.")
      case .unsafe: (false, "Make the state directory yours alone, or name another one with --state.")
      case .tooLarge, .system, .unsettled, .refused:
        (false, "Look at the disk (df '\(path)') and at its mode (chmod 700 '\(path)'), or name another with --state.")
      }
    return ResponseError(
      .auditUnavailable,
      "The audit in \(path) cannot be used: \(failure).",
      retryable: isRetryable,
      hint: hint,
      detail: [.text("path", path), .text("found", failure.description)]
    )
  }
}
