import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func network(_ failure: NetworkFailure) -> ResponseError {
    let server = failure.server
    let named = JSONValue.Member.text("server", server)
    switch failure.problem {
    case .http(let problem):
      return http(problem, failure)
    case .unexpectedRedirect(let status):
      return ResponseError(
        .unexpectedRedirect,
        "\(server) answered with a redirect (\(status)), which is not followed.",
        hint: "Put the final origin into \(failure.party.field). Nothing was sent to the redirect's target.",
        detail: [named, .number("status", status)]
      )
    case .malformed(let found):
      return ResponseError(
        failure.party == .pod ? .fusionError : .identityDomainError,
        "\(server) gave \(found).",
        hint: failure.party.isItself,
        detail: [named, .text("found", found)]
      )
    }
  }

  private static func http(_ problem: HTTPFailure, _ failure: NetworkFailure) -> ResponseError {
    let server = failure.server
    let named = JSONValue.Member.text("server", server)
    switch problem {
    case .unreachable(let found):
      return ResponseError(
        .unreachable,
        "\(server) cannot be reached: \(found).",
        retryable: true,
        hint: "Check \(failure.party.field), DNS, the proxy and the firewall; then try again.",
        detail: [named, .text("found", found)]
      )
    case .tlsFailed(let found):
      return ResponseError(
        .tlsFailed,
        "TLS with \(server) failed: \(found).",
        hint: hint(forTLS: found),
        detail: [named, .text("found", found)]
      )
    case .timedOut(let phase, let sent):
      let isRetryable = failure.isRepeatable || !sent
      return ResponseError(
        .networkTimeout,
        "\(server) did not answer in time (\(phase.rawValue)).",
        retryable: isRetryable,
        hint: isRetryable ? hint(for: phase) : failure.party.lookFirst,
        detail: [named, .text("phase", phase.rawValue), .init("requestSent", .bool(sent))]
      )
    case .broken(let found, let sent):
      let isRetryable = failure.isRepeatable || !sent
      return ResponseError(
        .unreachable,
        "The connection to \(server) ended before the answer was whole: \(found).",
        retryable: isRetryable,
        hint: isRetryable
          ? "Try again: it does no harm. If it stays, look at the proxy and the firewall." : failure.party.lookFirst,
        detail: [named, .text("found", found), .init("requestSent", .bool(sent))]
      )
    case .responseTooLarge(let limit):
      return ResponseError(
        .responseTooLarge,
        "\(server) sent more than \(limit) bytes.",
        hint: failure.party == .pod ? "Ask for less, fewer rows or fields at once." : failure.party.isItself,
        detail: [named, .number("limit", limit)]
      )
    case .invalidRequest(let found):
      return ResponseError(
        .internal,
        "The request to \(server) could not be sent as built: \(found).",
        hint: "Please report it with the sidecar's log. It holds no secrets.",
        detail: [named]
      )
    case .cancelled: return .abandoned
    }
  }

  private static func hint(for phase: HTTPFailure.Phase) -> String {
    switch phase {
    case .resolve: "Look at DNS: this machine's name server does not answer. Then try again."
    case .connect: "Look at the firewall and the proxy: nothing answers at this address and port. Then try again."
    case .response: "Try again, with a larger timeoutMs if the server is slow."
    }
  }

  /// By the words of OpenSSL and libcurl, which tell no number; other words get the usual cause.
  private static func hint(forTLS found: String) -> String {
    let forever = "Verification cannot be switched off."
    if found.contains("expired") {
      return "The server's certificate has ended: whoever keeps the server, or the proxy before it, must renew it. Is "
        + "this machine's clock right? \(forever)"
    }
    if found.contains("not yet valid") {
      return "The server's certificate begins later: is this machine's clock right? \(forever)"
    }
    if found.contains("subject name") {
      return "Another server answers than the one that the profile names: compare the URL, DNS and the proxy. "
        + forever
    }
    if found.contains("wrong version number") {
      return "What answers there speaks no TLS: compare the URL and its port, and the proxy. \(forever)"
    }
    if found.hasPrefix("caFile") {
      return "Let caFile in the profile name a file of PEM certificates that can be read."
    }
    return "If a proxy re-signs TLS, name its CA in the profile's caFile. \(forever)"
  }
}

extension NetworkFailure.Party {
  /// Where the profile names it.
  fileprivate var field: String {
    switch self {
    case .identityDomain: "identityDomainUrl in the profile"
    case .pod: "fusionUrl in the profile"
    }
  }

  fileprivate var isItself: String {
    switch self {
    case .identityDomain: "Is \(field) that of the identity domain, and not of a proxy or a login page?"
    case .pod: "Is \(field) that of the pod, and not of a proxy or a login page?"
    }
  }

  /// Of a request that is not repeated.
  fileprivate var lookFirst: String {
    "It was sent, and may have taken effect: look \(self == .pod ? "at the pod " : "")before it is sent again."
  }
}
