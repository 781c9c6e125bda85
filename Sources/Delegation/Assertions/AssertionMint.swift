package import JSON

/// A signed assertion and what it says. The text is a credential for as long as it lives.
package struct Assertion: Sendable {
  package let text: String
  package let header: JSONValue
  package let claims: JSONValue
  package let expiresAt: UnixTime
}

/// Signs user and client assertions (RFC 7523) as compact JWS (RFC 7515), and nothing else.
package struct AssertionMint: Sendable {
  let ring: KeyRing
  let random: any Randomness
  let wallClock: any WallClock
  let domains: IdentityDomains
  let audit: AuditTrail

  package init(
    ring: KeyRing,
    random: any Randomness,
    wallClock: any WallClock,
    domains: IdentityDomains,
    audit: AuditTrail
  ) {
    self.ring = ring
    self.random = random
    self.wallClock = wallClock
    self.domains = domains
    self.audit = audit
  }

  /// An assertion that is ready to be signed: what the audit has to know is known.
  struct Draft: Sendable {
    fileprivate let profile: Profile
    fileprivate let key: OpenKey
    fileprivate let claims: AssertionClaims

    /// The key and, for an assertion that names a user, its `jti`.
    func describe(in facts: inout AuditFacts, namesUser: Bool) {
      facts.key = key.item.alias
      facts.thumbprint = key.thumbprints.x5tS256
      if namesUser { facts.jti = claims.identifier }
    }
  }

  /// A fresh assertion with its own `jti`, recorded before and after it is signed.
  ///
  /// - Parameters:
  ///   - subject: the end user, whom policy has let pass; nil makes a client assertion.
  ///   - extra: claims that policy has let pass.
  package func mint(
    _ profile: Profile,
    subject: Subject?,
    lifetimeSeconds: Int? = nil,
    extra: [JSONValue.Member] = [],
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> Assertion {
    let draft = try await draft(
      profile,
      subject: subject,
      lifetimeSeconds: lifetimeSeconds,
      extra: extra,
      deadline: deadline
    )
    var facts = AuditFacts(profile: profile.name, subject: subject?.text)
    draft.describe(in: &facts, namesUser: true)
    return try await audit.recording(.mintAssertion, facts, profile.auditMode, deadline: deadline) {
      _ throws(Failure) in try sign(draft)
    }
  }

  /// For who records what the assertion is for.
  func draft(
    _ profile: Profile,
    subject: Subject?,
    lifetimeSeconds: Int? = nil,
    extra: [JSONValue.Member] = [],
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> Draft {
    let key = try await signingKey(of: profile, deadline: deadline)
    let limit = profile.assertionLifetimeSeconds ?? 300
    let claims = AssertionClaims(
      profile: profile,
      subject: subject,
      now: try domains.domain(of: profile).clock.now(),
      lifetime: min(lifetimeSeconds ?? limit, limit),
      identifier: Base64.encode(random.bytes(16), as: .url),
      extra: extra
    )
    return Draft(profile: profile, key: key, claims: claims)
  }

  /// The profile's key, held against its binding and, where the profile asks for it, its dates.
  package func signingKey(of profile: Profile, deadline: ContinuousClock.Instant) async throws(Failure) -> OpenKey {
    guard let alias = profile.key else { throw .key(.noneNamed(profile: profile.name)) }
    let idle = profile.keyIdleSeconds.map { Duration.seconds($0) } ?? KeyRing.standardIdle
    let key = try await ring.open(alias, idle: idle, deadline: deadline)
    let asked = KeyBinding(identityDomainUrl: profile.identityDomainUrl, clientId: profile.clientId)
    guard key.item.binding == asked else {
      throw .policy(.keyBound(alias: alias, to: key.item.binding, asked: asked))
    }
    if profile.requireValidCertificate == true, key.certificate.notAfter < wallClock.now() {
      throw .key(.certificateExpired(alias: alias, notAfter: key.certificate.notAfter))
    }
    return key
  }

  func sign(_ draft: Draft) throws(Failure) -> Assertion {
    let (profile, key, claims) = (draft.profile, draft.key, draft.claims)
    let header: JSONValue = [
      "alg": "RS256",
      "typ": "JWT",
      "kid": .string(profile.kid ?? key.item.alias),
      "x5t": .string(key.thumbprints.x5t),
      "x5t#S256": .string(key.thumbprints.x5tS256),
    ]
    let payload = JSONValue.object(claims.members)
    var text = Base64.encodedBytes(header.serialized(), as: .url)
    text.append(UInt8(ascii: "."))
    text += Base64.encodedBytes(payload.serialized(), as: .url)
    let signature = try ring.lockdown.signing { () throws(Failure) in
      do throws(KeyFailure) { return try key.signer.signRS256(text) } catch {
        throw .key(.material(error, alias: key.item.alias))
      }
    }
    text.append(UInt8(ascii: "."))
    text += Base64.encodedBytes(signature, as: .url)
    return Assertion(
      text: String(decoding: text, as: UTF8.self),
      header: header,
      claims: payload,
      expiresAt: claims.expiresAt
    )
  }
}
