import JSON

/// One exchange at the identity domain: it waits for its turn, and is attempted as often as makes sense. No cache.
package struct TokenExchange: Sendable {
  private let attempt: TokenAttempt
  private let domains: IdentityDomains
  private let clock: any MonotonicClock
  private let retries: RetrySchedule

  package init(mint: AssertionMint, domains: IdentityDomains, ports: Ports) {
    attempt = TokenAttempt(
      mint: mint,
      store: ports.store,
      http: ports.http,
      wallClock: ports.wallClock,
      monotonicClock: ports.clock
    )
    self.domains = domains
    clock = ports.pollClock
    retries = RetrySchedule(random: ports.random)
  }

  /// How long one attempt may take, store and network. It is shared, so no caller's deadline is its own.
  private static let attemptTimeout: Duration = .seconds(30)

  /// An access token that is the user, for all who wait for this flight.
  ///
  /// - Parameter permit: asks policy once more, before anything is signed: the turn may have come late.
  package func exchange(
    _ grant: UserGrant,
    scope: String,
    profile: Profile,
    _ flight: Flight,
    asking permit: () throws(Failure) -> Void
  ) async throws(Failure) -> AccessToken {
    try await domains.domain(of: profile).exchanges.counting { () throws(Failure) in
      try await repeating(flight) { () throws(Failure) in
        let lane = FairQueue.Lane.callers(profile: profile.name)
        return try await attempting(lane, profile, flight, timeout: Self.attemptTimeout) { deadline throws(Failure) in
          try permit()
          return try await attempt.user(grant, scope: scope, profile: profile, deadline: deadline)
        }
      }
    }
  }

  /// The same for a person who wants to know how it goes: attempted once.
  package func exchange(
    _ grant: UserGrant,
    scope: String,
    profile: Profile,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> AccessToken {
    try await once(profile, deadline) { deadline throws(Failure) in
      try await attempt.user(grant, scope: scope, profile: profile, deadline: deadline)
    }
  }

  /// Whether the domain knows the client: a token of the client itself is asked for once and thrown away.
  package func tryClient(_ profile: Profile, deadline: ContinuousClock.Instant) async throws(Failure) {
    try await once(profile, deadline) { deadline throws(Failure) in
      try await attempt.client(profile, deadline: deadline)
    }
  }

  private func once<Value>(
    _ profile: Profile,
    _ deadline: ContinuousClock.Instant,
    _ attempt: (_ deadline: ContinuousClock.Instant) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    try await domains.domain(of: profile).exchanges.counting { () throws(Failure) in
      try await attempting(.tools, profile, Flight(deadline: deadline), timeout: deadline - clock.now, attempt)
    }
  }

  private func attempting<Value>(
    _ lane: FairQueue.Lane,
    _ profile: Profile,
    _ flight: Flight,
    timeout: Duration,
    _ attempt: (_ deadline: ContinuousClock.Instant) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let domain = domains.domain(of: profile)
    return try await domain.clock.correcting(flight) { () throws(Failure) in
      try await domain.limiter.taking(lane, flight) { () throws(Failure) in
        domain.exchanges.countAttempt()
        return try await attempt(clock.now.advanced(by: timeout))
      }
    }
  }

  /// Attempts it again while somebody waits, the failure is one that passes, and time is left for the pause and an
  /// attempt as long as the last: so whoever waits learns why it fails, and not that their time is over.
  private func repeating<Value>(
    _ flight: Flight,
    _ attempt: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    var attempts = 0
    var last: Failure?
    while true {
      let began = clock.now
      do throws(Failure) { return try await attempt() } catch {
        attempts += 1
        // No turn for one more attempt: what the last one met is the answer.
        if case .token(.heldBack) = error { throw last ?? error }
        guard let pause = retries.pause(after: attempts, error), flight.isAwaited, let deadline = flight.deadline,
          clock.now + pause + (clock.now - began) < deadline
        else { throw error }
        try await rest(pause, flight)
        last = error
      }
    }
  }

  private func rest(_ pause: Duration, _ flight: Flight) async throws(Failure) {
    try flight.wait()
    flight.report("The identity domain failed; trying again.", detail: ["state": "retrying"])
    do { try await clock.sleep(until: clock.now + pause, tolerance: nil) } catch { throw .abandoned }
  }
}
