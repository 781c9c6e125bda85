/// Access tokens for callers: policy, then the cache, then one exchange.
package struct TokenService: Sendable {
  package struct Request: Sendable {
    package var grant: UserGrant
    package var scope: String
    package var minimumSeconds: Int
    package var forceRefresh: Bool

    package init(_ grant: UserGrant, scope: String, minimumSeconds: Int = 60, forceRefresh: Bool = false) {
      self.grant = grant
      self.scope = scope
      self.minimumSeconds = minimumSeconds
      self.forceRefresh = forceRefresh
    }
  }

  package struct Answer: Sendable {
    package enum Source: String, Codable, Sendable {
      case cache
      case exchange
    }

    package let token: AccessToken
    package let source: Source
  }

  package let cache: TokenCache
  package let exchange: TokenExchange
  let digests: any Digests
  let clock: any MonotonicClock
  private let audit: AuditTrail
  private let profileDigests = ProfileDigests()

  /// How long an exchange may take, whoever waits for it: it is shared, so no caller's deadline is its own.
  static let exchangeTimeout: Duration = .seconds(30)

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

  /// The cached token, without suspension; counted for the audit. The caller has asked policy already.
  package func cached(_ request: Request, profile: Profile) -> Answer? {
    guard !request.forceRefresh else { return nil }
    guard let token = cache.token(for: key(request, profile), minimumSeconds: request.minimumSeconds) else {
      return nil
    }
    audit.used(token, profile: profile)
    return Answer(token: token, source: .cache)
  }

  /// A token that is the user and lives at least `minimumSeconds`, or as long as the domain gives one.
  ///
  /// - Parameter ask: asks policy. It is asked once more after an exchange: when the rules have changed meanwhile, a
  ///   token that they refuse is dropped, and one of a profile that is another now is exchanged anew.
  package func token(_ ask: () throws(Failure) -> (Request, Profile)) async throws(Failure) -> Answer {
    var (request, profile) = try ask()
    while true {
      if let cached = cached(request, profile: profile) { return cached }
      let key = key(request, profile)
      let token = try await exchanged(key, request, profile)
      do throws(Failure) { (request, profile) = try ask() } catch {
        cache.invalidate(key)
        throw error
      }
      if self.key(request, profile) == key { return Answer(token: token, source: .exchange) }
    }
  }

  private func exchanged(
    _ key: TokenCache.Key,
    _ request: Request,
    _ profile: Profile
  ) async throws(Failure) -> AccessToken {
    let deadline = clock.now.advanced(by: Self.exchangeTimeout)
    let minimum = request.forceRefresh ? nil : request.minimumSeconds
    return try await cache.exchanged(key, minimumSeconds: minimum) {
      do throws(Failure) {
        return .success(
          try await exchange.exchange(request.grant, scope: request.scope, profile: profile, deadline: deadline)
        )
      } catch {
        return .failure(error)
      }
    }
  }

  package func invalidate(_ request: Request, profile: Profile) { cache.invalidate(key(request, profile)) }

  private func key(_ request: Request, _ profile: Profile) -> TokenCache.Key {
    let identity =
      switch request.grant {
      case .subject: profileDigests.digest(of: profile) { digests.sha256(Self.identity(profile)) }
      case .userToken(let token, _): digests.sha256(Self.identity(profile, userToken: token))
      }
    return TokenCache.Key(
      profile: profile.name,
      subject: request.grant.subject.bytes,
      scope: request.scope,
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
