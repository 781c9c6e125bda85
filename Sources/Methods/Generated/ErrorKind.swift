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
  case rawCredentialsDenied = "raw_credentials_denied"
  case keyBound = "key_bound"
  case adminRequired = "admin_required"
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
  case fusionError = "fusion_error"
  case unreachable = "unreachable"
  case tlsFailed = "tls_failed"
  case networkTimeout = "network_timeout"
  case responseTooLarge = "response_too_large"
  case unexpectedRedirect = "unexpected_redirect"
  case deadlineExceeded = "deadline_exceeded"
  case tooManyRequests = "too_many_requests"
  case messageTooLarge = "message_too_large"
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
    case .rawCredentialsDenied: 1100
    case .keyBound: 1100
    case .adminRequired: 1100
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
    case .fusionError: 1500
    case .unreachable: 1600
    case .tlsFailed: 1600
    case .networkTimeout: 1600
    case .responseTooLarge: 1600
    case .unexpectedRedirect: 1600
    case .deadlineExceeded: 1700
    case .tooManyRequests: 1700
    case .messageTooLarge: 1700
    case .`internal`: 1900
    }
  }

  /// What to do next, when nothing more exact is known.
  package var hint: String {
    switch self {
    case .parseError: #"Send RFC 8259 JSON in UTF-8. The message says at which byte reading stopped."#
    case .invalidRequest: #"Send {"jsonrpc": "2.0", "id", "method", "params"} with an id that no unanswered request has."#
    case .methodNotFound: #"rpc.discover lists the methods. Names are case-sensitive."#
    case .invalidParams: #"Correct the parameter that detail.field names. Params are an object, by name."#
    case .cancelled: #"Nothing to do. For an agent run, detail.state says whether it may go on at the pod."#
    case .profileNotFound: #"listProfiles shows the names. Save one with saveProfile, or give it at initialize."#
    case .profileInvalid: #"Correct the field that detail.field names. Until then the profile is not used at all."#
    case .subjectDenied: #"Add the user to policy.subjects.allow, or remove the deny pattern. detail.layer says whose rule it is."#
    case .scopeDenied: #"Leave scope out to use the profile's own, or add it to policy.scopes."#
    case .agentDenied: #"Add its code to policy.agents."#
    case .rawCredentialsDenied: #"Call invokeAgent, or set policy.rawCredentials to true, knowing that a token reaches every agent of the user."#
    case .keyBound: #"Use the profile the key was made for, or create a key for this one. A binding is never changed."#
    case .adminRequired: #"Run it once from a sidecar that a person starts with --admin. A backend needs no such right."#
    case .storeUnavailable: #"Start a Secret Service (gnome-keyring), pass DBUS_SESSION_BUS_ADDRESS on, or choose --store file:PATH. No other store is tried instead."#
    case .storeLocked: #"Unlock the keyring, or correct --passphrase-file. Then repeat the call."#
    case .storeTimeout: #"Repeat a read. After a write look with getKey or listKeys first."#
    case .storeCorrupt: #"Look at the item the message names. Restore it from a copy, or delete it and create the key anew."#
    case .keyNotFound: #"listKeys shows the aliases. A key made in another store or by another user is not seen here."#
    case .keyExists: #"Use it, choose another alias, or delete it first. A deleted key cannot be had back."#
    case .keyUnreadable: #"Give an unencrypted PEM: -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----, and the certificate as PEM."#
    case .keyUnsupported: #"Use an RSA key of 2048 to 4096 bits."#
    case .keyMismatch: #"Give the certificate made from this key: both have the same public key."#
    case .certificateExpired: #"Make a new key and register its certificate, or set requireValidCertificate to false."#
    case .invalidClient: #"Compare clientId, and the certificate's alias and thumbprint, with the confidential application; activate the application."#
    case .invalidGrant: #"Use the userName as the identity domain shows it, of a user that is active there."#
    case .invalidScope: #"Copy the scope from the application's resources, trailing slash included."#
    case .unauthorizedClient: #"Allow both JWT Assertion and Client Credentials in the application, and add the scope to its resources."#
    case .assertionRejected: #"Run diagnose. Usual causes: kid is not the certificate's alias, Client Credentials is not allowed, another key was registered."#
    case .clockSkew: #"Set the clock (NTP). The offset is learnt from the domain's Date header, so a repeated call may pass."#
    case .wrongUser: #"Compare the user that was found with the subject. Check subjectClaim, and the domain's mapping of user names."#
    case .rateLimited: #"Wait retryAfterMs. Fewer exchanges are needed when one sidecar serves all callers."#
    case .identityDomainError: #"Retry when retryable says so. Else give detail.status and detail.ecid to Oracle's support."#
    case .fusionUnauthorized: #"Check that scope and fusionUrl name the same pod."#
    case .fusionForbidden: #"Give the user a role of the agent team and publish the team. detail.code is the pod's own code, for example FAI-40300."#
    case .fusionNotFound: #"Check the agent's code and the pod. Jobs are kept by the pod for a limited time."#
    case .agentFailed: #"Read detail.run.error. The same message may succeed when sent again."#
    case .fusionError: #"Retry when retryable says so. Else give detail.status and detail.ecid to Oracle's support."#
    case .unreachable: #"Check the URL in the profile, DNS, the proxy and the firewall. retryable is false when the request may have been acted on."#
    case .tlsFailed: #"If a proxy re-signs TLS, name its CA in caFile. Verification cannot be switched off."#
    case .networkTimeout: #"Raise timeoutMs, or look at the phase. retryable is false when the request may have been acted on."#
    case .responseTooLarge: #"The message tells the limit. Ask for less."#
    case .unexpectedRedirect: #"Put the server's final origin into the profile."#
    case .deadlineExceeded: #"Raise timeoutMs. For an agent run, detail.state and detail.jobId say how to find it with getAgentRun."#
    case .tooManyRequests: #"Wait for answers before sending more."#
    case .messageTooLarge: #"Send less in one message."#
    case .`internal`: #"Please report it with the sidecar's log. It holds no secrets."#
    }
  }
}
