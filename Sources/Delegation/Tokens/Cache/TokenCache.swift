import Synchronization

/// Access tokens in memory, and one exchange at a time for each (single flight). Nothing is on disk.
///
/// A hit is answered without suspension. Callers who miss wait together for one exchange; each may leave alone, and the
/// exchange goes on for the others. One that waits for its turn when the last leaves is given up. A token in use is
/// renewed ahead of its end, for nobody in particular; one that is not used costs nothing.
package final class TokenCache: Sendable {
  /// What makes two tokens the same: never less than all that the domain saw.
  package struct Key: Sendable, Hashable {
    /// The profile's name: rules are its own.
    package let profile: String
    package let subject: [UInt8]
    package let scope: String
    /// SHA-256 over the profile's domain, client, authentication, key, audience and tenant, and over a user token.
    package let identity: [UInt8]

    package init(profile: String, subject: [UInt8], scope: String, identity: [UInt8]) {
      self.profile = profile
      self.subject = subject
      self.scope = scope
      self.identity = identity
    }
  }

  /// What a caller asks of a token in memory.
  struct Need: Sendable {
    var minimumSeconds: Int
    /// The profile's; nil is to its end.
    var maximumStaleSeconds: Int?

    fileprivate func state(of cached: CachedToken, at now: ClockSetting) -> CachedToken.State {
      let left = cached.token.left(at: now)
      guard left > Int64(minimumSeconds) * 1000 else { return .invalid }
      return cached.state(left: left, maximumStaleSeconds: maximumStaleSeconds)
    }
  }

  struct Hit {
    let token: AccessToken
    let isStale: Bool
    /// Somebody has to begin the renewal, and it is this caller.
    let isRenewalDue: Bool
  }

  package typealias Outcome = Result<AccessToken, Failure>
  typealias Work = @Sendable (Flight) async -> Outcome

  struct State {
    var tokens = RecentlyUsed<Key, CachedToken>()
    var counts = Counts()
    /// None has ended before, as far as the monotonic clock knows.
    var firstEnd: ContinuousClock.Instant?
  }

  let state = Mutex(State())
  private let flights = SingleFlight<Key, AccessToken>()
  /// Dropped with the tokens.
  package let refusals: RefusalMemory
  private let wallClock: any WallClock
  private let clock: any MonotonicClock
  private let lockdown: Lockdown
  private let schedule: RenewalSchedule
  let maximumEntries: Int

  package init(
    wallClock: any WallClock,
    clock: any MonotonicClock,
    random: any Randomness,
    lockdown: Lockdown = Lockdown(),
    maximumEntries: Int = 10_000
  ) {
    self.wallClock = wallClock
    self.clock = clock
    refusals = RefusalMemory(clock: clock)
    self.lockdown = lockdown
    schedule = RenewalSchedule(random: random)
    self.maximumEntries = maximumEntries
  }

  package var count: Int { state.withLock(\.tokens.count) }

  /// How many wait for the exchange of this key.
  package func waiterCount(for key: Key) -> Int { flights.waiterCount(for: key) }

  /// Exchanges under way, awaited or not.
  var flightCount: Int { flights.count }

  var now: ClockSetting { ClockSetting(wallClock.now(), at: clock.now) }

  // MARK: What is there

  /// Takes the token when there is one that will do, as its last use; counted.
  func hit(_ key: Key, _ need: Need, at now: ClockSetting) -> Hit? {
    state.withLock { state in
      let hit = state.tokens.use(key) { cached -> Hit? in
        let state = need.state(of: cached, at: now)
        if state == .invalid { return nil }
        let isDue = state == .stale && cached.claimRenewal(at: now.instant, schedule)
        return Hit(token: cached.token, isStale: state == .stale, isRenewalDue: isDue)
      }
      if let hit { state.counts.add(hit: hit.isStale) }
      return hit
    }
  }

  /// The same without taking it; without a need whatever lives.
  func token(for key: Key, _ need: Need = Need(minimumSeconds: 0)) -> AccessToken? {
    let now = now
    guard let cached = state.withLock({ $0.tokens[key] }), need.state(of: cached, at: now) != .invalid else {
      return nil
    }
    return cached.token
  }

  /// The domain could not renew the token a moment ago, and is not asked again yet.
  func isInOutage(_ key: Key) -> Bool {
    let now = clock.now
    return state.withLock { $0.tokens[key]?.isInOutage(at: now) ?? false }
  }

  func count(_ what: WritableKeyPath<Counts, Int>) { state.withLock { $0.counts[keyPath: what] += 1 } }

  // MARK: What goes

  /// Drops the token. An exchange that is under way is not kept: it may have been answered before whatever has made
  /// this one worthless.
  package func invalidate(_ key: Key) {
    flights.detach(key)
    state.withLock { $0.tokens.remove(key) }
  }

  /// Drops the token, if it is still that one.
  func drop(_ token: AccessToken, of key: Key) {
    state.withLock { state in
      if state.tokens[key]?.token.text == token.text { state.tokens.remove(key) }
    }
  }

  /// Drops all tokens, and will not keep those of exchanges under way: a key or a secret they rest on has gone.
  package func removeAll() { removeAll { _ in true } }

  /// The same for those that rules allow no more.
  package func removeAll(where isGone: (Key) -> Bool) {
    refusals.removeAll()
    flights.detach(where: isGone)
    state.withLock { $0.tokens.removeAll { key, _ in isGone(key) } }
  }

  /// - Throws: `.policy(.locked)` after the lockdown.
  func requireOpen() throws(Failure) { try lockdown.requireOpen() }

  /// Drops all tokens after the lockdown; who waits for an exchange is refused at once.
  func lock() {
    flights.failAll(.policy(.locked))
    state.withLock { $0.tokens = RecentlyUsed() }
  }

  // MARK: Exchanges

  /// The outcome of the one exchange of this key, started here if there is none.
  ///
  /// - Parameter need: a token that came in meanwhile and meets it will do; nil wants a new one.
  /// - Throws: `.abandoned` at once when the calling task is cancelled; the exchange goes on for the others.
  ///   `.policy(.locked)` after the lockdown, and at once when it comes meanwhile.
  func exchanged(
    _ key: Key,
    _ need: Need?,
    for caller: any Caller,
    by exchange: @escaping Work
  ) async throws(Failure) -> AccessToken {
    try lockdown.requireOpen()
    let token = try await flights.value(for: key, caller: caller, by: work(key, need, exchange)) {
      self.keep($0, for: key)
    }
    // An exchange that was begun just before the lockdown ended just behind it.
    try lockdown.requireOpen()
    return token
  }

  /// Begins the same for whoever will wait for it, unless it is under way; it goes on when they leave.
  ///
  /// - Parameter exchange: a renewal, when nobody waits yet.
  func begin(_ key: Key, _ need: Need?, isRenewal: Bool, by exchange: @escaping Work) {
    guard !lockdown.isClosed else { return }
    let work = work(key, need, exchange)
    let hasBegun = flights.begin(key, deadline: clock.now + RenewalSchedule.patience) { flight in
      let outcome = await work(flight)
      if isRenewal, case .failure(let failure) = outcome, failure != .abandoned { self.count(\.renewalsFailed) }
      return outcome
    } keep: {
      self.keep($0, for: key)
    }
    if isRenewal, hasBegun { count(\.renewalsBegun) }
  }

  /// How a renewal that was not even begun has failed.
  func failed(_ key: Key, _ failure: Failure) {
    let now = clock.now
    state.withLock { $0.tokens.change(key) { $0.failed(failure, at: now, schedule) } }
  }

  private func work(_ key: Key, _ need: Need?, _ exchange: @escaping Work) -> Work {
    { flight in
      // Since the caller looked, another exchange may have ended.
      if let need, let token = self.token(for: key, need) { return .success(token) }
      let outcome = await exchange(flight)
      if case .failure(let failure) = outcome, failure != .abandoned { self.failed(key, failure) }
      return outcome
    }
  }

  /// Makes room where it is needed: tokens that have ended go first, then the one used longest ago.
  private func keep(_ token: AccessToken, for key: Key) {
    let (now, margin) = (now, schedule.margin(of: token))
    state.withLock { state in
      guard !lockdown.isClosed, state.tokens[key]?.token.text != token.text else { return }
      if state.tokens[key] == nil, state.tokens.count >= maximumEntries { state.makeRoom(at: now) }
      state.tokens.set(CachedToken(token, margin: margin), for: key)
      state.expect(token, at: now)
    }
  }
}

extension TokenCache.State {
  /// All that have ended, in one pass, but only when there is one: else each of many would look through all.
  fileprivate mutating func makeRoom(at now: ClockSetting) {
    let before = tokens.count
    if let firstEnd, firstEnd <= now.instant {
      tokens.removeAll { $1.token.left(at: now) <= 0 }
      self.firstEnd = nil
      for cached in tokens.values { expect(cached.token, at: now) }
    }
    if tokens.count == before { tokens.removeOldest() }
    counts.evicted += before - tokens.count
  }

  fileprivate mutating func expect(_ token: AccessToken, at now: ClockSetting) {
    let end = now.instant + .milliseconds(token.left(at: now))
    firstEnd = firstEnd.map { min($0, end) } ?? end
  }
}
