import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func network(_ failure: NetworkFailure) -> ResponseError {
    let server = failure.server
    let named = JSONValue.Member.text("server", server)
    switch failure.problem {
    case .http(let problem):
      return http(problem, server: server, isRepeatable: failure.isRepeatable)
    case .unexpectedRedirect(let status):
      return ResponseError(
        .unexpectedRedirect,
        "\(server) answered with a redirect (\(status)), which is not followed.",
        hint: "Put the final origin into the profile. Nothing was sent to the redirect's target.",
        detail: [named, .number("status", status)]
      )
    case .malformed(let found):
      return ResponseError(
        failure.party == .pod ? .fusionError : .identityDomainError,
        "\(server) gave \(found).",
        hint: "Is the URL in the profile that of the identity domain or pod, and not of a proxy or a login page?",
        detail: [named, .text("found", found)]
      )
    }
  }

  private static func http(_ problem: HTTPFailure, server: String, isRepeatable: Bool) -> ResponseError {
    let named = JSONValue.Member.text("server", server)
    switch problem {
    case .unreachable(let found):
      return ResponseError(
        .unreachable,
        "\(server) cannot be reached: \(found).",
        retryable: true,
        hint: "Check the URL in the profile, DNS, the proxy and the firewall.",
        detail: [named, .text("found", found)]
      )
    case .tlsFailed(let found):
      return ResponseError(
        .tlsFailed,
        "TLS with \(server) failed: \(found).",
        hint: "If a proxy re-signs TLS, name its CA in the profile's caFile. Verification cannot be switched off.",
        detail: [named, .text("found", found)]
      )
    case .timedOut(let phase, let sent):
      return ResponseError(
        .networkTimeout,
        "\(server) did not answer in time (\(phase.rawValue)).",
        retryable: isRepeatable || !sent,
        hint: "Raise timeoutMs if the server is slow; at resolve look at DNS, at connect at the firewall and proxy.",
        detail: [named, .text("phase", phase.rawValue), .init("requestSent", .bool(sent))]
      )
    case .broken(let found, let sent):
      return ResponseError(
        .unreachable,
        "The connection to \(server) ended before the answer was whole: \(found).",
        retryable: isRepeatable || !sent,
        hint: "Try again. Where detail.requestSent is true, the server may have acted on the request.",
        detail: [named, .text("found", found), .init("requestSent", .bool(sent))]
      )
    case .responseTooLarge(let limit):
      return ResponseError(
        .responseTooLarge,
        "\(server) sent more than \(limit) bytes.",
        hint: "Ask for less.",
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
}
