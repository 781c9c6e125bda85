/// One exchange at the identity domain: it waits for its turn, and is attempted as often as makes sense. No cache.
package struct TokenExchange: Sendable {
  private let attempt: TokenAttempt
  private let domains: IdentityDomains
  private let clock: any MonotonicClock

  package init(mint: AssertionMint, domains: IdentityDomains, ports: Ports) {
    attempt = TokenAttempt(mint: mint, store: ports.store, http: ports.http, wallClock: ports.wallClock)
    self.domains = domains
    clock = ports.clock
  }

  /// How long one attempt may take, store and network. It is shared, so no caller's deadline is its own.
  private static let attemptTimeout: Duration = .seconds(30)

  /// An access token that is the user, for all who wait for this flight.
  package func exchange(
    _ grant: UserGrant,
    scope: String,
    profile: Profile,
    _ flight: Flight
  ) async throws(Failure) -> AccessToken {
    try await attempting(profile, flight, timeout: Self.attemptTimeout) { deadline throws(Failure) in
      try await attempt.user(grant, scope: scope, profile: profile, deadline: deadline)
    }
  }

  /// The same for one caller alone.
  package func exchange(
    _ grant: UserGrant,
    scope: String,
    profile: Profile,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> AccessToken {
    try await attempting(profile, Flight(deadline: deadline), timeout: deadline - clock.now) {
      deadline throws(Failure) in
      try await attempt.user(grant, scope: scope, profile: profile, deadline: deadline)
    }
  }

  /// Whether the domain knows the client: a token of the client itself is asked for and thrown away.
  package func tryClient(_ profile: Profile, deadline: ContinuousClock.Instant) async throws(Failure) {
    try await attempting(profile, Flight(deadline: deadline), timeout: deadline - clock.now) {
      deadline throws(Failure) in
      try await attempt.client(profile, deadline: deadline)
    }
  }

  private func attempting<Value>(
    _ profile: Profile,
    _ flight: Flight,
    timeout: Duration,
    _ attempt: (_ deadline: ContinuousClock.Instant) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let domain = domains.domain(of: profile)
    return try await domain.exchanges.counting { () throws(Failure) in
      try await domain.clock.correcting(flight) { () throws(Failure) in
        try await domain.limiter.turn(for: profile.name, flight)
        domain.exchanges.countAttempt()
        return try await attempt(clock.now.advanced(by: timeout))
      }
    }
  }
}
