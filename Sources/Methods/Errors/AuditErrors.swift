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
        (false, "Look at the disk and its quota, or name a directory that can be written with --state.")
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
