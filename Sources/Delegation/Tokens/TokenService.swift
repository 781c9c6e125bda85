/// Access tokens for callers: policy, then the cache, then one exchange.
package struct TokenService: Sendable {
  /// What is asked for, and as whom.
  package struct Request: Sendable {
    package var permit: Authorization.Permit
    /// Nil is the profile's own.
    package var scope: String?
    /// How long the token must live. Nil is `standardSeconds`, and less when the domain is slow.
    package var minimumSeconds: Int?
    package var forceRefresh: Bool
    /// Whether the caller gets the token itself, and not its use alone.
    package var isHandedOut: Bool

    package static let standardSeconds = 60

    package init(
      _ permit: Authorization.Permit,
      scope: String? = nil,
      minimumSeconds: Int? = nil,
      forceRefresh: Bool = false,
      isHandedOut: Bool = false
    ) {
      self.permit = permit
      self.scope = scope
      self.minimumSeconds = minimumSeconds
      self.forceRefresh = forceRefresh
      self.isHandedOut = isHandedOut
    }

    /// The scope, if policy allows all of it.
    func permitted() throws(Failure) -> String {
      if isHandedOut { try permit.permitRawCredentials() }
      return try permit.scope(scope)
    }

    /// What will do of the tokens in memory; with `forceRefresh` none does.
    var need: TokenCache.Need? { forceRefresh ? nil : need(minimumSeconds ?? Self.standardSeconds) }

    func need(_ seconds: Int) -> TokenCache.Need {
      TokenCache.Need(minimumSeconds: seconds, maximumStaleSeconds: permit.profile.maxStaleSeconds)
    }

    /// The same under the rules as they are now.
    func renewed(deadline: ContinuousClock.Instant) throws(Failure) -> Request {
      var request = self
      request.permit = try permit.renewed(deadline: deadline)
      return request
    }
  }

  package struct Answer: Sendable {
    package enum Source: String, Codable, Sendable {
      case cache
      case exchange
    }

    package let token: AccessToken
    package let expiresAt: UnixTime
    package let expiresInSeconds: Int64
    package let source: Source
    /// As policy gave it last: an exchange may take long, and rules may change meanwhile.
    package let permit: Authorization.Permit
  }

  package let cache: TokenCache
  package let exchange: TokenExchange
  let digests: any Digests
  let clock: any MonotonicClock
  private let audit: AuditTrail
  private let profileDigests = ProfileDigests()

  package init(
    cache: TokenCache,
    exchange: TokenExchange,
    digests: any Digests,
    clock: any MonotonicClock,
    audit: AuditTrail
  ) {
    self.cache = cache
    self.exchange = exchange
    self.digests = digests
    self.clock = clock
    self.audit = audit
  }

  /// The cached token if policy allows it, without suspension; counted for the audit. One that is stale is answered as
  /// well, and its renewal begun.
  package func cached(_ request: Request) throws(Failure) -> Answer? {
    let scope = try request.permitted()
    guard let need = request.need else { return nil }
    let (key, now) = (key(request, scope), cache.now)
    guard let hit = cache.hit(key, need, at: now) else { return nil }
    if hit.isRenewalDue { renew(key, request) }
    return used(hit.token, request, at: now)
  }

  /// The token in memory that still lives, to be looked at; nothing is done with it.
  func inMemory(_ request: Request) throws(Failure) -> AccessToken? {
    cache.token(for: key(request, try request.permitted()))
  }

  /// A token that is the user and lives at least `minimumSeconds`, or as long as the domain gives one.
  ///
  /// Policy is asked once more after an exchange: when the rules have changed meanwhile, a token that they refuse is
  /// dropped, and one of a profile that is another now is exchanged anew.
  package func token(_ request: Request, for caller: any Caller) async throws(Failure) -> Answer {
    var request = request
    while true {
      if let cached = try cached(request) { return cached }
      let scope = try request.permitted()
      let key = key(request, scope)
      let outcome = try await awaited(key, request, scope, for: caller)
      let newKey: TokenCache.Key
      do throws(Failure) {
        request = try request.renewed(deadline: caller.deadline)
        newKey = self.key(request, try request.permitted())
      } catch {
        cache.invalidate(key)
        throw error
      }
      switch outcome {
      case .token(let token): if newKey == key { return answer(token, .exchange, request, at: cache.now) }
      case .outage:
        guard let spare = spare(newKey, request, isAwaited: true) else { break }
        cache.count(\.servedStale)
        return used(spare, request, at: cache.now)
      case .nothing: break
      }
    }
  }

  /// A token out of memory, counted for the audit.
  private func used(_ token: AccessToken, _ request: Request, at now: ClockSetting) -> Answer {
    audit.used(token, profile: request.permit.profile)
    return answer(token, .cache, request, at: now)
  }

  private func answer(
    _ token: AccessToken,
    _ source: Answer.Source,
    _ request: Request,
    at now: ClockSetting
  ) -> Answer {
    let end = token.end(at: now)
    return Answer(
      token: token,
      expiresAt: end,
      expiresInSeconds: max(0, end.seconds - now.time.seconds),
      source: source,
      permit: request.permit
    )
  }

  package func invalidate(_ request: Request) throws(Failure) {
    cache.invalidate(key(request, try request.permitted()))
  }

  func key(_ request: Request, _ scope: String) -> TokenCache.Key {
    let (grant, profile) = (request.permit.grant, request.permit.profile)
    let identity =
      switch grant {
      case .subject: profileDigests.digest(of: profile) { digests.sha256(Self.identity(profile)) }
      case .userToken(let token, _): digests.sha256(Self.identity(profile, userToken: token))
      }
    return TokenCache.Key(
      profile: profile.name,
      subject: grant.subject.bytes,
      scope: scope,
      identity: identity
    )
  }

  /// All that the domain sees of a profile, each field with its length, so that no two run together.
  private static func identity(_ profile: Profile, userToken: String? = nil) -> [UInt8] {
    let audience = profile.audience ?? [Profile.defaultAudience]
    let fields: [String?] =
      [
        profile.name, profile.identityDomainUrl, profile.clientId, profile.clientAuthentication.rawValue, profile.key,
        profile.kid, profile.tenantName, profile.subjectClaim, profile.opaqueTokens?.rawValue, profile.caFile,
        profile.proxy, userToken,
      ] + audience
    return fields.flatMap { field in Array("\(field?.utf8.count ?? -1):\(field ?? "")".utf8) }
  }
}
