package import JSON

/// A profile as it may be mailed: what finds the application at Oracle, and of the rest how it is set.
///
/// Kept are the two servers, the client's id, scopes and the certificate's alias, none of which is a secret (RFC 6749
/// section 2.2). Of rules about users there is only how many, of a proxy and a file only whether there is one.
extension Profile {
  package var reduced: JSONValue {
    var members: [JSONValue.Member] = [
      .init("name", .string(name)),
      .init("identityDomainUrl", .string(identityDomainUrl)),
      .init("fusionUrl", .string(fusionUrl)),
      .init("clientId", .string(clientId)),
      .init("clientAuthentication", .string(clientAuthentication.rawValue)),
      .init("scope", .string(scope)),
      .init("policy", policy.reduced),
    ]
    func add(_ name: String, _ value: JSONValue?) {
      if let value { members.append(.init(name, value)) }
    }
    func number(_ value: Int?) -> JSONValue? { value.map { .number(JSONNumber($0)) } }
    add("key", key.map(JSONValue.string))
    add("kid", kid.map(JSONValue.string))
    add(
      "apiScopes",
      apiScopes.map { .array($0.map { ["pathPrefix": .string($0.pathPrefix), "scope": .string($0.scope)] }) }
    )
    add("audience", audience.map { .array($0.map(JSONValue.string)) })
    add("tenantName", tenantName.map(JSONValue.string))
    add("assertionLifetimeSeconds", number(assertionLifetimeSeconds))
    add("subjectClaim", subjectClaim.map(JSONValue.string))
    add("opaqueTokens", opaqueTokens.map { .string($0.rawValue) })
    add("unicodeSubjects", unicodeSubjects.map(JSONValue.bool))
    add("caFile", caFile.map { _ in .bool(true) })
    add("proxy", proxy.map { _ in .bool(true) })
    add(
      "rateLimit",
      rateLimit.map {
        ["perSecond": .number(JSONNumber($0.perSecond)), "perMinute": .number(JSONNumber($0.perMinute))]
      }
    )
    add("maxStaleSeconds", number(maxStaleSeconds))
    add("keyIdleSeconds", number(keyIdleSeconds))
    add("requireValidCertificate", requireValidCertificate.map(JSONValue.bool))
    add("audit", audit.map { .string($0.rawValue) })
    add("disabled", disabled.map(JSONValue.bool))
    return .object(members)
  }
}

extension Policy {
  /// How many patterns each field has.
  package var reduced: JSONValue {
    var members: [JSONValue.Member] = [
      .init("subjects", ["allow": Self.count(subjects.allow.count), "deny": Self.count(subjects.deny?.count ?? 0)])
    ]
    func add(_ name: String, _ value: JSONValue?) {
      if let value { members.append(.init(name, value)) }
    }
    add("scopes", scopes.map { Self.count($0.count) })
    add("agents", agents.map { Self.count($0.count) })
    add("paths", paths.map { Self.count($0.count) })
    add("readOnly", readOnly.map(JSONValue.bool))
    add("extraClaims", extraClaims.map { Self.count($0.count) })
    add("rawCredentials", rawCredentials.map(JSONValue.bool))
    return .object(members)
  }

  private static func count(_ number: Int) -> JSONValue { .number(JSONNumber(number)) }
}
