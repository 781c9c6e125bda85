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
        hint: "Is the subject the domain's userName, and subjectClaim the claim that holds it? Opaque tokens name "
          + "nobody: opaqueTokens takes them, without this proof.",
        detail: [.text("found", found)]
      )
    case .wrongScope(let found):
      ResponseError(
        .identityDomainError,
        "The identity domain gave \(found), so it was thrown away.",
        hint: "Compare the profile's scope with the application's Token issuance policy, Resources.",
        detail: [.text("found", found)]
      )
    case .withoutLife(let found):
      ResponseError(
        .identityDomainError,
        "The identity domain gave \(found), so it was thrown away.",
        hint: "Look at the life of tokens in the resource's application; give the audit's ecid to Oracle's support.",
        detail: [.text("found", found)]
      )
    case .clockTooFar(let offsetMs, let retryAfterMs):
      ResponseError(
        .clockSkew,
        "This machine's clock is \(distance(-offsetMs)) the identity domain's: too far to be corrected, so nothing was "
          + "signed.",
        retryable: true,
        retryAfterMs: retryAfterMs,
        hint: "Set this machine's clock (timedatectl, NTP); that counts at once. Is it right? Then the domain's is "
          + "wrong, or that of a proxy before it; it is looked at again in some seconds.",
        detail: [.number("clockOffsetMs", offsetMs), .number("maximumOffsetMs", ClockEvidence.maximumMs)]
      )
    case .noClientSecret(let profile):
      ResponseError(
        .invalidClient,
        "The profile \(profile) authenticates with a client secret, and the store has none for its client and domain.",
        hint: "Keep it with setClientSecret (with --admin).",
        detail: [.text("profile", profile)]
      )
    case .noneInMemory:
      ResponseError(
        .invalidParams,
        "token is needed: in memory is none of this user and scope that still lives.",
        hint: "Call getToken, invokeAgent or callApi first, which bring one there; or give a token to inspect.",
        detail: [.text("field", "token")]
      )
    case .heldBack(let held): heldBack(held)
    }
  }

  /// As somebody reads it who has to set a clock: `3 h 0 min ahead of`.
  private static func distance(_ milliseconds: Int64) -> String {
    let seconds = milliseconds.magnitude / 1000
    let amount =
      seconds < 120
      ? "\(seconds) s" : seconds < 7200 ? "\(seconds / 60) min" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
    return "\(amount) \(milliseconds > 0 ? "ahead of" : "behind")"
  }

  /// Our own limit, which no answer of the domain was needed for.
  private static func heldBack(_ held: TokenFailure.HeldBack) -> ResponseError {
    let seconds = (held.retryAfterMs + 999) / 1000
    return ResponseError(
      .rateLimited,
      held.isPaused
        ? "The identity domain has asked for a pause, and the turn of this call would come in \(seconds) s: too late."
        : "By the limit of \(held.limit.perSecond) token requests a second and \(held.limit.perMinute) a minute the turn of "
          + "this call would come in \(seconds) s: too late. \(held.queued) wait.",
      retryable: true,
      retryAfterMs: held.retryAfterMs,
      hint: held.isPaused
        ? "Wait retryAfterMs, or raise timeoutMs. The limit is the whole domain's: who else asks it for tokens?"
        : "Ask for fewer subjects at once or raise timeoutMs. rateLimit in the profile gives this sidecar a larger share.",
      detail: [
        .number("queued", held.queued), .number("perSecond", held.limit.perSecond),
        .number("perMinute", held.limit.perMinute),
      ]
    )
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
        refusal.rememberedSeconds.map { .number("rememberedSeconds", $0) },
      ].compactMap(\.self)
    )
  }

  /// A refused assertion stays refused, whatever the status it comes with.
  private static func isRetryable(_ refusal: TokenFailure.Refusal) -> Bool {
    switch refusal.kind {
    case .clockSkew, .rateLimited: true
    case .other: refusal.status >= 500 || refusal.status == 408
    case .invalidClient, .clientInactive, .invalidGrant, .invalidScope, .unauthorizedClient, .assertionRejected: false
    }
  }

  /// Of an answer without a reason.
  private static func hint(status: Int) -> String {
    switch status {
    case 408, 500...: "Try again; if it stays, give detail.ecid to Oracle's support."
    case 403:
      "Who refused? A firewall or proxy does so in HTML; the domain may allow the application only from some addresses."
    case 404, 405: "Is identityDomainUrl in the profile that of the identity domain? Its token endpoint is not there."
    default: "Compare the profile with the application; give detail.ecid to Oracle's support."
    }
  }

  /// Section 5.2 of RFC 6749, and what Oracle's answers were seen to mean.
  private static func words(_ refusal: TokenFailure.Refusal) -> (ErrorKind, String, hint: String) {
    switch refusal.kind {
    case .invalidClient:
      return (
        .invalidClient, "The identity domain does not accept the client.",
        refusal.clientAuthentication == .clientAssertion
          ? "Is the certificate (getKey) valid, and imported under the alias kid names, in the application of this clientId?"
          : "Compare clientId and the client secret (setClientSecret) with the application."
      )
    case .clientInactive:
      return (
        .invalidClient, "The application is not active at the identity domain.",
        "Activate it in the OCI console: Integrated applications, the application, Activate."
      )
    case .invalidGrant where refusal.isOfUserToken, .assertionRejected where refusal.isOfUserToken:
      return (
        refusal.kind == .invalidGrant ? .invalidGrant : .assertionRejected,
        "The identity domain does not accept the user's own token.",
        "Most likely it has ended: get a new one from the user's sign-in. Else it is of another domain, the user is not "
          + "active, or Client Credentials is not allowed beside JWT Assertion."
      )
    case .invalidGrant:
      return (
        .invalidGrant, "The identity domain does not accept the user.",
        "Is the user active there, and the subject the userName of this domain, not an e-mail or an id of another?"
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
        "Usual causes: kid is not the certificate's alias, Client Credentials is not allowed beside JWT Assertion, the "
          + "client type is not Trusted, audience or tenantName is another's. diagnose looks further."
      )
    case .clockSkew:
      return (
        .clockSkew,
        "The assertion was refused twice, and the dates of the two answers are more than a minute apart.",
        "Try again: the later date counts now. If it stays, servers of the identity domain, or a proxy before them, "
          + "have clocks that differ."
      )
    case .rateLimited:
      return (
        .rateLimited, "The identity domain has too many requests (429).",
        "Wait, and let one sidecar serve all callers: the limit is the whole domain's."
      )
    case .other:
      return (
        .identityDomainError, "The identity domain failed with status \(refusal.status).",
        hint(status: refusal.status)
      )
    }
  }
}
