package import JSON

/// The failures of the protocol itself. Those of its methods are their own.
package enum ProtocolErrorKind: String, Sendable, CaseIterable {
  case parseError = "parse_error"
  case invalidRequest = "invalid_request"
  case methodNotFound = "method_not_found"
  case invalidParams = "invalid_params"
  case cancelled
  case deadlineExceeded = "deadline_exceeded"
  case tooManyRequests = "too_many_requests"
  case messageTooLarge = "message_too_large"
  case internalError = "internal"

  /// JSON-RPC 2.0 section 5.1, LSP 3.17 (`RequestCancelled`), and our families 1700 and 1900.
  package var code: Int {
    switch self {
    case .parseError: -32700
    case .invalidRequest: -32600
    case .methodNotFound: -32601
    case .invalidParams: -32602
    case .cancelled: -32800
    case .deadlineExceeded, .tooManyRequests, .messageTooLarge: 1700
    case .internalError: 1900
    }
  }

  /// Whether the same request may succeed later, and does no harm.
  package var isRetryable: Bool {
    switch self {
    case .deadlineExceeded, .tooManyRequests: true
    case .parseError, .invalidRequest, .methodNotFound, .invalidParams, .cancelled, .messageTooLarge, .internalError:
      false
    }
  }
}

extension ResponseError {
  /// - Parameter isRetryable: nil is what the kind says.
  package init(
    _ kind: ProtocolErrorKind,
    _ message: String,
    isRetryable: Bool? = nil,
    hint: String,
    detail: JSONValue? = nil
  ) {
    self.init(
      code: kind.code,
      kind: kind.rawValue,
      message: message,
      retryable: isRetryable ?? kind.isRetryable,
      hint: hint,
      detail: detail
    )
  }

  static func broken(_ frame: BrokenFrame) -> ResponseError {
    let kind: ProtocolErrorKind = if case .messageTooLarge = frame { .messageTooLarge } else { .parseError }
    return ResponseError(kind, frame.message, hint: frame.hint)
  }

  static func malformed(_ error: JSONError, framing: Framing) -> ResponseError {
    let hint =
      switch framing {
      case .lines: "Send each message whole and on one line: one message per line."
      case .headers: "Send one JSON text per message, and check that Content-Length counts its bytes."
      }
    return ResponseError(.parseError, error.description, hint: hint)
  }

  static func invalidRequest(_ message: String, hint: String? = nil) -> ResponseError {
    let shape = #"A request is {"jsonrpc": "2.0", "id": string or number, "method": string, "params": object}."#
    return ResponseError(.invalidRequest, message, hint: hint ?? shape)
  }

  /// For dialects whose ids are not any number.
  static let unusableID = invalidRequest("The member `id` must be a string or a whole number.")

  static func notInBatch(_ method: String) -> ResponseError {
    .invalidRequest("\(method) does not belong in a batch.", hint: "Send it as a message of its own.")
  }

  static func methodNotFound(
    _ method: String,
    known: some Sequence<String>,
    elseHint: String
  ) -> ResponseError {
    let hint = Spelling.nearest(to: method, among: known).map { "Did you mean `\($0)`?" }
    return ResponseError(
      .methodNotFound,
      "There is no method `\(method.shortened)`.",
      hint: hint ?? elseHint
    )
  }

  static func invalidParams(_ error: JSONDecodingError, of method: String) -> ResponseError {
    let problem = error.problem.shortened
    guard !error.path.isEmpty else {
      return ResponseError(
        .invalidParams,
        "The params of \(method) cannot be used: \(problem.ended)",
        hint: "Give params as one object of named fields; rpc.discover describes them."
      )
    }
    let field = error.path.shortened
    return ResponseError(
      .invalidParams,
      "The field `\(field)` of \(method) cannot be used: \(problem.ended)",
      hint: "Correct the field; rpc.discover describes the fields of every method.",
      detail: ["field": .string(field)]
    )
  }

  static func cancelled(detail: JSONValue?) -> ResponseError {
    ResponseError(
      .cancelled,
      "The request was cancelled.",
      hint: "Send it again if it is still wanted, after a look at `detail` where there is one.",
      detail: detail
    )
  }

  /// `detail` is what the work has said of itself: `state` or `outcome` where something is left behind, `waitingFor`
  /// where nothing is and somebody else is slow.
  static func deadlineExceeded(_ timeout: Duration, detail: JSONValue?) -> ResponseError {
    let late = "The request was not finished within \(timeout.wholeMilliseconds) ms"
    if leftSomethingBehind(detail) {
      return ResponseError(
        .deadlineExceeded,
        "\(late), and it may have taken effect.",
        isRetryable: false,
        hint: "detail says what was begun: look there before it is sent again, for an agent run with getAgentRun. The "
          + "work may need a larger timeoutMs.",
        detail: detail
      )
    }
    if case .string(let other)? = detail?["waitingFor"] {
      return ResponseError(
        .deadlineExceeded,
        "\(late); it was waiting for \(other).",
        hint: "Send it again, with a larger timeoutMs if that one is slow; if it stays, diagnose shows where it stops.",
        detail: detail
      )
    }
    return ResponseError(
      .deadlineExceeded,
      "\(late).",
      hint: "Send it again, with a larger timeoutMs if the work needs longer; waiting in a queue counts.",
      detail: detail
    )
  }

  private static func leftSomethingBehind(_ detail: JSONValue?) -> Bool {
    detail?["state"] == "unknown" || detail?["state"] == "detached" || detail?["outcome"] == "unknown"
  }

  static func tooManyRequests(limit: Int) -> ResponseError {
    ResponseError(
      .tooManyRequests,
      "\(limit) requests are in flight, which is the limit.",
      hint: "Wait for answers before sending more; initialize answers the limit as limits.maxInFlightRequests."
    )
  }

  static func resultTooLarge(limit: Int) -> ResponseError {
    ResponseError(
      .messageTooLarge,
      "The answer is larger than \(limit) bytes.",
      hint: "Ask for less; what the method does has been done."
    )
  }

  static func unwritableResult(_ error: JSONEncodingError) -> ResponseError {
    ResponseError(
      .internalError,
      "The result could not be written as JSON: \(error).",
      hint: "Report this; what the method does has been done."
    )
  }
}

extension Duration {
  var wholeMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

extension String {
  /// At most 200 characters: what an error repeats of its cause is bounded.
  var shortened: String { unicodeScalars.count <= 200 ? self : String(unicodeScalars.prefix(200)) + "…" }

  /// With a mark at its end: a problem may be a question.
  var ended: String { utf8.last == UInt8(ascii: "?") ? self : self + "." }
}
