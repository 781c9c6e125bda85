import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func token(_ failure: TokenFailure) -> ResponseError {
    switch failure {
    case .refused(let refusal): refused(refusal)
    case .wrongUser(let found):
      ResponseError(
        .wrongUser,
        "The identity domain gave \(found), so it was thrown away.",
        hint: "Compare subjectClaim with the claims of a token, and the user name with the domain's userName.",
        detail: [.text("found", found)]
      )
    case .noClientSecret(let profile):
      ResponseError(
        .invalidClient,
        "The profile \(profile) authenticates with a client secret, and the store has none for its client and domain.",
        hint: "Keep it with setClientSecret (with --admin).",
        detail: [.text("profile", profile)]
      )
    }
  }

  private static func refused(_ refusal: TokenFailure.Refusal) -> ResponseError {
    let (kind, message, hint) = words(refusal)
    return ResponseError(
      kind,
      message,
      retryable: isRetryable(refusal),
      retryAfterMs: refusal.retryAfterMs,
      hint: hint,
      detail: [
        .number("status", refusal.status),
        .optional("error", refusal.error),
        .optional("errorDescription", refusal.description),
        .optional("ecid", refusal.ecid),
        refusal.clockOffsetMs.map { .number("clockOffsetMs", $0) },
      ].compactMap(\.self)
    )
  }

  /// A refused assertion stays refused, whatever the status it comes with.
  private static func isRetryable(_ refusal: TokenFailure.Refusal) -> Bool {
    switch refusal.kind {
    case .clockSkew, .rateLimited: true
    case .other: refusal.status >= 500
    case .invalidClient, .clientInactive, .invalidGrant, .invalidScope, .unauthorizedClient, .assertionRejected: false
    }
  }

  /// Section 5.2 of RFC 6749, and what Oracle's answers were seen to mean.
  private static func words(_ refusal: TokenFailure.Refusal) -> (ErrorKind, String, hint: String) {
    switch refusal.kind {
    case .invalidClient:
      return (
        .invalidClient, "The identity domain does not accept the client.",
        refusal.clientAuthentication == .clientAssertion
          ? "Is the certificate (getKey) imported under the alias kid names, in the application whose id is clientId?"
          : "Compare clientId and the client secret (setClientSecret) with the application."
      )
    case .clientInactive:
      return (
        .invalidClient, "The application is not active at the identity domain.",
        "Activate it in the OCI console: Integrated applications, the application, Activate."
      )
    case .invalidGrant:
      return (
        .invalidGrant, "The identity domain does not accept the user.",
        "The subject must be the userName of an active user of this domain, not an e-mail or an id of another."
      )
    case .invalidScope:
      return (
        .invalidScope, "The identity domain does not give this scope to the client.",
        "Copy the scope from the application's Token issuance policy, Resources, with its last slash; add it if absent."
      )
    case .unauthorizedClient:
      return (
        .unauthorizedClient, "The client may not use this grant or this scope.",
        "Allow both JWT Assertion and Client Credentials in the application, and add the scope to its resources."
      )
    case .assertionRejected:
      return (
        .assertionRejected, "The identity domain refused the assertion without saying which part of it.",
        "Usual causes: kid is not the certificate's alias, Client Credentials is not allowed beside JWT Assertion, or "
          + "another certificate is registered. diagnose looks further."
      )
    case .clockSkew:
      let seconds = (refusal.clockOffsetMs ?? 0) / 1000
      return (
        .clockSkew,
        "The assertion was refused, and the domain's clock is \(seconds.magnitude) s "
          + "\(seconds > 0 ? "ahead of" : "behind") this machine's.",
        "Set this machine's clock (NTP)."
      )
    case .rateLimited:
      return (
        .rateLimited, "The identity domain has too many requests (429).",
        "Wait, and let one sidecar serve all callers: the limit is the whole domain's."
      )
    case .other:
      return (
        .identityDomainError, "The identity domain failed with status \(refusal.status).",
        refusal.status >= 500
          ? "Try again; if it stays, give detail.ecid to Oracle's support."
          : "Compare the profile with the application; give detail.ecid to Oracle's support."
      )
    }
  }
}
