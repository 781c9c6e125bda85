package import JSON

/// What a token says, and whether its identity domain signed it. Nothing is exchanged, and the token goes nowhere.
package struct TokenInspection: Sendable {
  package struct Report: Sendable {
    /// As they stand in the token; empty objects for an opaque one, which nobody but the domain and the pod can read.
    package let header: JSONValue
    package let claims: JSONValue
    package let verdict: Verdict
    package let issuedAt: UnixTime?
    package let expiresAt: UnixTime?
    /// By the clock of the domain, as far as it is known; nil when the token does not say when it ends.
    package let isExpired: Bool?
    /// Why it would not be used as an access token for this scope, of this user or of whom it names; nil when it would.
    package let misfit: String?
  }

  package enum Verdict: Sendable, Equatable {
    case signed
    case notSigned(reason: String)
    /// What the domain signs with could not be learnt.
    case unknown(reason: String)
  }

  private let authorization: Authorization
  private let tokens: TokenService
  private let certificates: SigningCertificates
  private let signatures: any SignatureVerification
  private let domains: IdentityDomains
  private let wallClock: any WallClock
  /// The sentence the protocol has for a failure.
  private let explain: @Sendable (Failure) -> (summary: String, hint: String)

  /// What is left of the caller's time, to answer in.
  private static let reserve: Duration = .milliseconds(200)

  init(
    authorization: Authorization,
    tokens: TokenService,
    domains: IdentityDomains,
    ports: Ports,
    explain: @escaping @Sendable (Failure) -> (summary: String, hint: String)
  ) {
    self.authorization = authorization
    self.tokens = tokens
    self.domains = domains
    self.explain = explain
    certificates = SigningCertificates(http: ports.http, wallClock: ports.wallClock, clock: ports.clock)
    signatures = ports.signatures
    wallClock = ports.wallClock
  }

  /// The token that is in memory for a user. Policy is asked as for its use, and once more when the answer is there.
  package func inspect(
    _ request: TokenService.Request,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> Report {
    guard let token = try tokens.inMemory(request) else { throw .token(.noneInMemory) }
    let (profile, subject) = (request.permit.profile, request.permit.grant.subject)
    let report = try await report(token.text, profile, token.scope, deadline) { _ in subject }
    _ = try request.renewed(deadline: deadline).permitted()
    return report
  }

  /// A token that somebody has at hand. Nobody is acted for; the profile says whose keys are asked for.
  package func inspect(
    token: String,
    profile name: String?,
    scope: String?,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> Report {
    let profile = try authorization.layers(profile: name, deadline: deadline).profile
    guard JWT(decoding: token) != nil else {
      throw .params(
        ParamsFailure(
          "token",
          "must be a JWT of \(JWT.maximumBytes) bytes at most, three parts between dots, as it is: without Bearer, "
            + "spaces or line breaks"
        )
      )
    }
    return try await report(token, profile, scope ?? profile.scope, deadline) { jwt in
      jwt.text(profile.subjectClaim ?? "sub").flatMap {
        try? Subject($0, unicode: profile.unicodeSubjects ?? false)
      }
    }
  }

  private func report(
    _ text: String,
    _ profile: Profile,
    _ scope: String,
    _ deadline: ContinuousClock.Instant,
    user: (JWT) -> Subject?
  ) async throws(Failure) -> Report {
    guard let jwt = JWT(decoding: text), let signature = TokenSignature(of: text) else { return .opaque }
    let clock = domains.domain(of: profile).clock
    let verdict = try await verdict(on: signature, profile, by: deadline - Self.reserve)
    let expiresAt = jwt.time("exp")
    let now = clock.shown ?? wallClock.now()
    return Report(
      header: jwt.header,
      claims: jwt.claims,
      verdict: verdict,
      issuedAt: jwt.time("iat"),
      expiresAt: expiresAt,
      isExpired: expiresAt.map { $0 <= now },
      misfit: misfit(of: text, user(jwt), scope, profile)
    )
  }

  private func misfit(of text: String, _ user: Subject?, _ scope: String, _ profile: Profile) -> String? {
    guard let user else { return "It names no user in \(profile.subjectClaim ?? "sub")." }
    do throws(TokenFailure) {
      _ = try TokenFidelity.check(text, is: user, scope: scope, profile: profile)
      return nil
    } catch {
      switch error {
      case .wrongUser(let found), .wrongScope(let found), .withoutLife(let found): return "It is \(found)."
      case .refused, .noClientSecret, .clockTooFar, .heldBack, .noneInMemory: return nil
      }
    }
  }

  // MARK: Its signature

  private func verdict(
    on signature: TokenSignature,
    _ profile: Profile,
    by limit: ContinuousClock.Instant
  ) async throws(Failure) -> Verdict {
    if let flaw = signature.flaw { return .notSigned(reason: flaw) }
    let shown: SigningCertificates.Shown
    switch try await certificates.keys(of: profile, by: limit) {
    case .keys(let keys): shown = keys
    case .problem(let problem): return .unknown(reason: sentence(problem))
    }
    let verdict = verdict(on: signature, by: shown)
    guard case .notSigned = verdict else { return verdict }
    // The keys may have been replaced since.
    switch try await certificates.keys(of: profile, newerThan: shown, by: limit) {
    case .keys(let newer): return self.verdict(on: signature, by: newer)
    case .problem(let problem):
      let reason = "It is not signed with the keys of \(shown.at.rfc3339), and newer ones could not be had."
      return .unknown(reason: "\(reason) \(sentence(problem))")
    case nil: return verdict
    }
  }

  private func verdict(on signature: TokenSignature, by shown: SigningCertificates.Shown) -> Verdict {
    let keys = shown.keys
    do throws(KeyFailure) {
      if try signature.isMade(byOneOf: keys, signatures) { return .signed }
    } catch {
      return .unknown(reason: "The signature could not be computed here.")
    }
    guard !signature.candidates(among: keys).isEmpty || keys.ignoredCount == 0 && !keys.keys.isEmpty else {
      return .unknown(
        reason: "Of the \(keys.ignoredCount + keys.keys.count) signing keys that the identity domain shows none that "
          + "can be used here, RSA of 2048 to 8192 bits, has its kid."
      )
    }
    return .notSigned(
      reason: "None of the signing keys that the identity domain showed at \(shown.at.rfc3339) made its signature: it "
        + "was altered, is of another domain, or is older than these keys."
    )
  }

  private func sentence(_ problem: SigningCertificates.Problem) -> String {
    switch problem {
    case .closed(let status):
      "The identity domain shows its signing keys only to who brings a token (\(status)), and none is sent there. An "
        + "administrator of the domain opens them: Settings, Domain settings, Access signing certificate, Configure "
        + "client access."
    case .network(let failure): explain(.network(failure)).summary
    case .late: "The identity domain did not show its signing keys within timeoutMs."
    }
  }
}

extension TokenInspection.Report {
  fileprivate static let opaque = Self(
    header: .object([]),
    claims: .object([]),
    verdict: .unknown(reason: "It is opaque: only the identity domain and the pod can tell what it is."),
    issuedAt: nil,
    expiresAt: nil,
    isExpired: nil,
    misfit: nil
  )
}
