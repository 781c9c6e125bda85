import JSON

/// Waiting for an exchange: to its end, or not for long where there is a token to fall back on.
extension TokenService {
  /// How long a caller waits who has one.
  static let patience: Duration = .seconds(2)
  /// What it must have left of its life then, so that it can still be used when the wait is over.
  private static let leastSeconds = 5

  /// What has come of it.
  enum Awaited {
    case token(AccessToken)
    /// The domain is slow, or has failed in a way that passes, and there was a token to fall back on.
    case outage
    /// It was that of a profile that is another now.
    case nothing
  }

  func awaited(
    _ key: TokenCache.Key,
    _ request: Request,
    _ scope: String,
    for caller: any Caller
  ) async throws(Failure) -> Awaited {
    let old = cache.token(for: key)
    let hasSpare = spare(key, request, isAwaited: false) != nil
    if hasSpare, cache.isInOutage(key) {
      cache.count(\.hits)
      return .outage
    }
    do throws(Failure) {
      if !request.forceRefresh { try cache.refusals.check(key) }
      cache.count(\.misses)
      caller.onAbandon(["waitingFor": .string(request.permit.profile.identityDomainUrl)])
      let exchange: TokenCache.Work = { await outcome(key, request, scope, $0) }
      guard hasSpare else { return .token(try await cache.exchanged(key, request.need, for: caller, by: exchange)) }
      cache.begin(key, request.need, isRenewal: false, by: exchange)
      let token = try await patiently(caller) { () throws(Failure) in
        try await cache.exchanged(key, request.need, for: caller, by: exchange)
      }
      return token.map { .token($0) } ?? .outage
    } catch {
      if error.refusesToken, let old { cache.drop(old, of: key) }
      if hasSpare, error.isOutage { return .outage }
      if error == .abandoned, !Task.isCancelled, clock.now < caller.deadline { return .nothing }
      throw error
    }
  }

  /// The token to fall back on for a caller who has named no `minimumSeconds`, which would be a demand.
  func spare(_ key: TokenCache.Key, _ request: Request, isAwaited: Bool) -> AccessToken? {
    guard request.minimumSeconds == nil, !request.forceRefresh else { return nil }
    let waited = isAwaited ? Int(Self.patience.components.seconds) : 0
    return cache.token(for: key, request.need(Self.leastSeconds - waited))
  }

  /// One exchange, if rules still allow it when its turn has come; a refusal that is hopeless is remembered.
  func outcome(
    _ key: TokenCache.Key,
    _ request: Request,
    _ scope: String,
    _ flight: Flight
  ) async -> TokenCache.Outcome {
    let (permit, era) = (request.permit, cache.refusals.era)
    let outcome: TokenCache.Outcome
    do throws(Failure) {
      let token = try await exchange.exchange(permit.grant, scope: scope, profile: permit.profile, flight) {
        () throws(Failure) in _ = try allowed(key, request)
      }
      outcome = .success(token)
    } catch {
      outcome = .failure(error)
    }
    cache.refusals.note(outcome, for: key, since: era)
    return outcome
  }

  /// Nil when it takes longer than 2 s, or than half of the time the caller has left: what they get is to be of use.
  private func patiently(
    _ caller: any Caller,
    _ body: @escaping @Sendable () async throws(Failure) -> AccessToken
  ) async throws(Failure) -> AccessToken? {
    let now = clock.now
    let end = now + min(Self.patience, (caller.deadline - now) / 2)
    let first = await withTaskGroup(of: TokenCache.Outcome?.self) { group in
      group.addTask { do throws(Failure) { return .success(try await body()) } catch { return .failure(error) } }
      group.addTask { [clock] in
        try? await clock.sleep(until: end, tolerance: nil)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    if Task.isCancelled { throw .abandoned }
    return try first?.get()
  }
}
