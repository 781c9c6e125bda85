package import Delegation
import JSON
package import JSONRPC

extension ResponseError {
  /// The one place where a failure of the domain becomes an error of the protocol. No `default`: a new failure does
  /// not compile until it has a kind, a sentence and a hint.
  package init(_ failure: Failure) {
    self =
      switch failure {
      case .params(let failure): .params(failure)
      case .profile(let failure): .profile(failure)
      case .policy(let failure): .policy(failure)
      case .store(let failure, let store): .store(failure, store: store)
      case .file(let failure, let path): .file(failure, path: path)
      case .key(let failure): .key(failure)
      case .token(let failure): .token(failure)
      case .fusion(let failure): .fusion(failure)
      case .network(let failure): .network(failure)
      case .audit(let failure, let path): .audit(failure, path: path)
      case .duringRun(let run, let failure): ResponseError(failure).telling(of: run)
      case .startUnknown(let run, let failure): ResponseError(failure).leavingOpen(run, failure)
      case .abandoned: .abandoned
      }
  }

  init(
    _ kind: ErrorKind,
    _ message: String,
    retryable: Bool = false,
    retryAfterMs: Int? = nil,
    hint: String,
    detail: [JSONValue.Member] = []
  ) {
    self.init(
      code: kind.code,
      kind: kind.rawValue,
      message: message,
      retryable: retryable,
      retryAfterMs: retryAfterMs,
      hint: hint,
      detail: detail.isEmpty ? nil : .object(detail)
    )
  }

  private static func params(_ failure: ParamsFailure) -> ResponseError {
    ResponseError(
      .invalidParams,
      "\(failure.field) \(failure.problem).",
      hint: "Correct the field; rpc.discover describes the fields of every method.",
      detail: [.text("field", failure.field)]
    )
  }

  /// Seen by nobody as a rule: the server has answered the request by then.
  static var abandoned: ResponseError {
    ResponseError(.cancelled, "The request was cancelled.", hint: "Send it again if it is still wanted.")
  }
}

extension JSONValue.Member {
  /// For facts that are not always known.
  static func optional(_ name: String, _ text: String?) -> JSONValue.Member? {
    text.map { JSONValue.Member(name, .string($0)) }
  }

  static func number(_ name: String, _ value: some FixedWidthInteger) -> JSONValue.Member {
    JSONValue.Member(name, .number(JSONNumber(value)))
  }

  static func text(_ name: String, _ value: String) -> JSONValue.Member { JSONValue.Member(name, .string(value)) }
}

extension ResponseError {
  /// The sentence and the hint, for those who say them elsewhere than in an error.
  package var explanation: (summary: String, hint: String) {
    guard case .string(let hint) = data?["hint"] else { return (message, "") }
    return (message, hint)
  }
}
