package import JSON

/// The claims of an assertion, in the order they are signed.
package struct AssertionClaims: Sendable {
  package enum Kind: String, Codable, Sendable {
    /// Says who the end user is (RFC 7523 section 2.1).
    case user
    /// Says who the client is (RFC 7523 section 2.2).
    case client
  }

  /// Set by us alone; neither a caller nor a policy may name them.
  static let reserved: Set<String> = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "prn", "user.tenant.name"]

  /// What makes one assertion another than the last.
  private static let fleeting: Set<String> = ["iat", "exp", "jti"]

  /// The claims that every user assertion of this profile and subject carries: without `iat`, `exp` and `jti`.
  static func lasting(profile: Profile, subject: Subject) -> [JSONValue.Member] {
    AssertionClaims(profile: profile, subject: subject, now: UnixTime(seconds: 0), lifetime: 0, identifier: "")
      .members.filter { !fleeting.contains($0.name) }
  }

  /// How far `iat` lies back: a domain whose clock is behind by so little must not see an assertion of the future. Half of
  /// the life at most, or a short one would be over before it began.
  private static let secondsBack: Int64 = 5

  package let members: [JSONValue.Member]
  package let expiresAt: UnixTime
  /// Its `jti`.
  let identifier: String

  /// - Parameters:
  ///   - subject: the end user; nil makes a client assertion.
  ///   - now: by the clock of the identity domain.
  ///   - lifetime: whole seconds from `iat` to `exp`, at most 300.
  init(
    profile: Profile,
    subject: Subject?,
    now: UnixTime,
    lifetime: Int,
    identifier: String,
    extra: [JSONValue.Member] = []
  ) {
    let issuedAt = now.seconds - min(Self.secondsBack, Int64(lifetime) / 2)
    let expires = issuedAt + Int64(lifetime)
    let audience = profile.audience ?? [Profile.defaultAudience]
    var members: [JSONValue.Member] = [
      JSONValue.Member("iss", .string(profile.clientId)),
      JSONValue.Member("sub", .string(subject?.text ?? profile.clientId)),
    ]
    let tenant = subject == nil ? nil : profile.tenantName
    if let subject, tenant != nil { members.append(JSONValue.Member("prn", .string(subject.text))) }
    members += [
      // One value goes out as a string, as in the samples of the OCI ClientAssertion page.
      JSONValue.Member("aud", audience.count == 1 ? .string(audience[0]) : .array(audience.map(JSONValue.string))),
      JSONValue.Member("iat", .number(JSONNumber(issuedAt))),
      JSONValue.Member("exp", .number(JSONNumber(expires))),
      JSONValue.Member("jti", .string(identifier)),
    ]
    if let tenant { members.append(JSONValue.Member("user.tenant.name", .string(tenant))) }
    self.members = members + extra
    expiresAt = UnixTime(seconds: expires)
    self.identifier = identifier
  }
}
