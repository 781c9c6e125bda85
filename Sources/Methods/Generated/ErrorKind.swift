// Written by `swift run generate-protocol` from protocol/. Do not edit.
// swift-format-ignore-file

/// What went wrong, as `error.data.kind` says it. Meanings are in protocol/errors.json.
package enum ErrorKind: String, Sendable, CaseIterable {
  case parseError = "parse_error"
  case invalidRequest = "invalid_request"
  case methodNotFound = "method_not_found"
  case invalidParams = "invalid_params"
  case cancelled = "cancelled"
  case profileNotFound = "profile_not_found"
  case profileInvalid = "profile_invalid"
  case subjectDenied = "subject_denied"
  case scopeDenied = "scope_denied"
  case agentDenied = "agent_denied"
  case pathDenied = "path_denied"
  case profileDisabled = "profile_disabled"
  case rawCredentialsDenied = "raw_credentials_denied"
  case originDenied = "origin_denied"
  case keyBound = "key_bound"
  case runDenied = "run_denied"
  case adminRequired = "admin_required"
  case locked = "locked"
  case storeUnavailable = "store_unavailable"
  case storeLocked = "store_locked"
  case storeTimeout = "store_timeout"
  case storeCorrupt = "store_corrupt"
  case keyNotFound = "key_not_found"
  case keyExists = "key_exists"
  case keyUnreadable = "key_unreadable"
  case keyUnsupported = "key_unsupported"
  case keyMismatch = "key_mismatch"
  case certificateExpired = "certificate_expired"
  case rotationConflict = "rotation_conflict"
  case invalidClient = "invalid_client"
  case invalidGrant = "invalid_grant"
  case invalidScope = "invalid_scope"
  case unauthorizedClient = "unauthorized_client"
  case assertionRejected = "assertion_rejected"
  case clockSkew = "clock_skew"
  case wrongUser = "wrong_user"
  case rateLimited = "rate_limited"
  case identityDomainError = "identity_domain_error"
  case fusionUnauthorized = "fusion_unauthorized"
  case fusionForbidden = "fusion_forbidden"
  case fusionNotFound = "fusion_not_found"
  case agentFailed = "agent_failed"
  case runNotWaiting = "run_not_waiting"
  case fusionError = "fusion_error"
  case unreachable = "unreachable"
  case tlsFailed = "tls_failed"
  case networkTimeout = "network_timeout"
  case responseTooLarge = "response_too_large"
  case unexpectedRedirect = "unexpected_redirect"
  case deadlineExceeded = "deadline_exceeded"
  case tooManyRequests = "too_many_requests"
  case messageTooLarge = "message_too_large"
  case auditUnavailable = "audit_unavailable"
  case `internal` = "internal"

  /// `error.code`: one per family.
  package var code: Int {
    switch self {
    case .parseError: -32700
    case .invalidRequest: -32600
    case .methodNotFound: -32601
    case .invalidParams: -32602
    case .cancelled: -32800
    case .profileNotFound: 1000
    case .profileInvalid: 1000
    case .subjectDenied: 1100
    case .scopeDenied: 1100
    case .agentDenied: 1100
    case .pathDenied: 1100
    case .profileDisabled: 1100
    case .rawCredentialsDenied: 1100
    case .originDenied: 1100
    case .keyBound: 1100
    case .runDenied: 1100
    case .adminRequired: 1100
    case .locked: 1100
    case .storeUnavailable: 1200
    case .storeLocked: 1200
    case .storeTimeout: 1200
    case .storeCorrupt: 1200
    case .keyNotFound: 1300
    case .keyExists: 1300
    case .keyUnreadable: 1300
    case .keyUnsupported: 1300
    case .keyMismatch: 1300
    case .certificateExpired: 1300
    case .rotationConflict: 1300
    case .invalidClient: 1400
    case .invalidGrant: 1400
    case .invalidScope: 1400
    case .unauthorizedClient: 1400
    case .assertionRejected: 1400
    case .clockSkew: 1400
    case .wrongUser: 1400
    case .rateLimited: 1400
    case .identityDomainError: 1400
    case .fusionUnauthorized: 1500
    case .fusionForbidden: 1500
    case .fusionNotFound: 1500
    case .agentFailed: 1500
    case .runNotWaiting: 1500
    case .fusionError: 1500
    case .unreachable: 1600
    case .tlsFailed: 1600
    case .networkTimeout: 1600
    case .responseTooLarge: 1600
    case .unexpectedRedirect: 1600
    case .deadlineExceeded: 1700
    case .tooManyRequests: 1700
    case .messageTooLarge: 1700
    case .auditUnavailable: 2000
    case .`internal`: 1900
    }
  }
}
