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
  package func token(_ request: Request, profile: Profile) async throws(Failure) -> Answer {
    if let cached = cached(request, profile: profile) { return cached }
    let deadline = clock.now.advanced(by: Self.exchangeTimeout)
    let minimum = request.forceRefresh ? nil : request.minimumSeconds
    let token = try await cache.exchanged(key(request, profile), minimumSeconds: minimum) {
      do throws(Failure) {
        return .success(
          try await exchange.exchange(request.grant, scope: request.scope, profile: profile, deadline: deadline)
        )
      } catch {
        return .failure(error)
      }
    }
    return Answer(token: token, source: .exchange)
  }

  package func invalidate(_ request: Request, profile: Profile) { cache.invalidate(key(request, profile)) }

  private func key(_ request: Request, _ profile: Profile) -> TokenCache.Key {
    let identity =
      switch request.grant {
      case .subject: profileDigests.digest(of: profile) { digests.sha256(Self.identity(profile)) }
      case .userToken(let token, _): digests.sha256(Self.identity(profile, userToken: token))
      }
    return TokenCache.Key(subject: request.grant.subject.bytes, scope: request.scope, identity: identity)
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
