import JSON

/// Access tokens for callers: policy, then the cache, then one exchange.
package struct TokenService: Sendable {
  /// What is asked for, and as whom.
  package struct Request: Sendable {
    package var permit: Authorization.Permit
    /// Nil is the profile's own.
    package var scope: String?
    package var minimumSeconds: Int
    package var forceRefresh: Bool
    /// Whether the caller gets the token itself, and not its use alone.
    package var isHandedOut: Bool

    package init(
      _ permit: Authorization.Permit,
      scope: String? = nil,
      minimumSeconds: Int = 60,
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
    package let source: Source
    /// As policy gave it last: an exchange may take long, and rules may change meanwhile.
    package let permit: Authorization.Permit
  }

  package let cache: TokenCache
  package let exchange: TokenExchange
  let digests: any Digests
  private let audit: AuditTrail
  private let profileDigests = ProfileDigests()

  package init(
    cache: TokenCache,
    exchange: TokenExchange,
    digests: any Digests,
    audit: AuditTrail
  ) {
    self.cache = cache
    self.exchange = exchange
    self.digests = digests
    self.audit = audit
  }

  /// The cached token if policy allows it, without suspension; counted for the audit.
  package func cached(_ request: Request) throws(Failure) -> Answer? {
    let scope = try request.permitted()
    guard !request.forceRefresh else { return nil }
    guard let token = cache.token(for: key(request, scope), minimumSeconds: request.minimumSeconds) else { return nil }
    audit.used(token, profile: request.permit.profile)
    return Answer(token: token, source: .cache, permit: request.permit)
  }

  /// The token in memory that still lives, to be looked at; nothing is done with it.
  func inMemory(_ request: Request) throws(Failure) -> AccessToken? {
    cache.token(for: key(request, try request.permitted()), minimumSeconds: 0)
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
      let token = try await exchanged(key, request, scope, for: caller)
      let newKey: TokenCache.Key
      do throws(Failure) {
        request = try request.renewed(deadline: caller.deadline)
        newKey = self.key(request, try request.permitted())
      } catch {
        cache.invalidate(key)
        throw error
      }
      if newKey == key { return Answer(token: token, source: .exchange, permit: request.permit) }
    }
  }

  private func exchanged(
    _ key: TokenCache.Key,
    _ request: Request,
    _ scope: String,
    for caller: any Caller
  ) async throws(Failure) -> AccessToken {
    let minimum = request.forceRefresh ? nil : request.minimumSeconds
    let (grant, profile, refusals) = (request.permit.grant, request.permit.profile, cache.refusals)
    if !request.forceRefresh { try refusals.check(key) }
    caller.onAbandon(["waitingFor": .string(profile.identityDomainUrl)])
    return try await cache.exchanged(key, minimumSeconds: minimum, for: caller) { flight in
      let era = refusals.era
      let outcome: TokenCache.Outcome
      do throws(Failure) {
        outcome = .success(try await exchange.exchange(grant, scope: scope, profile: profile, flight))
      } catch {
        outcome = .failure(error)
      }
      refusals.note(outcome, for: key, since: era)
      return outcome
    }
  }

  package func invalidate(_ request: Request) throws(Failure) {
    cache.invalidate(key(request, try request.permitted()))
  }

  private func key(_ request: Request, _ scope: String) -> TokenCache.Key {
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
