/// How one client acts for users at one identity domain and one Fusion pod.
///
/// The same shape on the wire, in the profile file and in `initialize`. `ProfileRules` says what each field may hold.
package struct Profile: Codable, Sendable, Equatable {
  package var name: String
  package var identityDomainUrl: String
  package var clientId: String
  package var clientAuthentication: ClientAuthentication
  /// The alias of the key that signs. May be absent with `client_secret_basic`; then only `userToken` calls work.
  package var key: String?
  /// The certificate alias at the identity domain, when it is not the key's alias.
  package var kid: String?
  package var scope: String
  /// Scopes of `callApi` by path; the longest prefix counts.
  package var apiScopes: [APIScope]?
  package var fusionUrl: String
  package var audience: [String]?
  package var tenantName: String?
  package var assertionLifetimeSeconds: Int?
  package var subjectClaim: String?
  package var opaqueTokens: OpaqueTokens?
  package var unicodeSubjects: Bool?
  package var caFile: String?
  package var proxy: String?
  package var rateLimit: RateLimit?
  /// How long a token that is due for renewal is used while the identity domain gives no other; absent: to its end.
  package var maxStaleSeconds: Int?
  package var keyIdleSeconds: Int?
  package var requireValidCertificate: Bool?
  package var audit: AuditMode?
  package var disabled: Bool?
  package var policy: Policy
}

/// The scope of requests at this path and below it.
package struct APIScope: Codable, Sendable, Equatable {
  package var pathPrefix: String
  package var scope: String

  package init(pathPrefix: String, scope: String) {
    self.pathPrefix = pathPrefix
    self.scope = scope
  }
}

/// How many requests the token endpoint of an identity domain gets from this process, whatever profile they are of.
package struct RateLimit: Codable, Sendable, Equatable {
  package var perSecond: Int
  package var perMinute: Int

  package init(perSecond: Int, perMinute: Int) {
    self.perSecond = perSecond
    self.perMinute = perMinute
  }

  /// A quarter of what a domain of the type Oracle Apps grants: 40 a second and 1000 a minute, to all its clients
  /// together (OCI IAM, API rate limits).
  package static let standard = RateLimit(perSecond: 10, perMinute: 250)
}

package enum ClientAuthentication: String, Codable, Sendable, CaseIterable {
  case clientAssertion = "client_assertion"
  case clientSecretBasic = "client_secret_basic"
}

package enum OpaqueTokens: String, Codable, Sendable, CaseIterable {
  case refuse
  case accept
}

/// What a profile, or the policy file, allows. Each field narrows; one that is absent does not.
package struct Policy: Codable, Sendable, Equatable {
  package var subjects: Subjects
  /// Without it a profile gives out its own `scope` only.
  package var scopes: [Pattern]?
  package var agents: [Pattern]?
  package var paths: [PathRule]?
  /// Nothing that writes: no agent is run, and of paths only GET and HEAD are sent.
  package var readOnly: Bool?
  /// Claims a caller may add to an assertion.
  package var extraClaims: [String]?
  package var rawCredentials: Bool?

  package init(subjects: Subjects) { self.subjects = subjects }

  /// The field that limits what a user may be used for. A token reaches further than any of them.
  var reachLimit: String? {
    if agents != nil { return "agents" }
    if paths != nil { return "paths" }
    return readOnly == true ? "readOnly" : nil
  }

  var withholdsCredentials: Bool { reachLimit != nil && rawCredentials != true }

  package struct Subjects: Codable, Sendable, Equatable {
    package var allow: [Pattern]
    package var deny: [Pattern]?

    package init(allow: [Pattern], deny: [Pattern]? = nil) {
      self.allow = allow
      self.deny = deny
    }
  }
}

/// Which identity domain and client a key signs for, and nothing else (invariant 2).
package struct KeyBinding: Codable, Sendable, Equatable {
  package let identityDomainUrl: String
  package let clientId: String

  package init(identityDomainUrl: String, clientId: String) {
    self.identityDomainUrl = identityDomainUrl
    self.clientId = clientId
  }
}
