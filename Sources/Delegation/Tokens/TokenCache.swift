import Synchronization

/// Access tokens in memory, and one exchange at a time for each (single flight). Nothing is on disk.
///
/// A hit is answered without suspension. Callers who miss wait together for one exchange; each may leave alone, and the
/// exchange goes on for the others. One that waits for its turn when the last leaves is given up.
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

  package typealias Outcome = Result<AccessToken, Failure>

  private let tokens = Mutex<[Key: AccessToken]>([:])
  private let flights = SingleFlight<Key, AccessToken>()
  /// Dropped with the tokens.
  package let refusals: RefusalMemory
  private let wallClock: any WallClock
  private let lockdown: Lockdown
  private let maximumEntries: Int

  package init(
    wallClock: any WallClock,
    clock: any MonotonicClock,
    lockdown: Lockdown = Lockdown(),
    maximumEntries: Int = 10_000
  ) {
    self.wallClock = wallClock
    refusals = RefusalMemory(clock: clock)
    self.lockdown = lockdown
    self.maximumEntries = maximumEntries
  }

  package var count: Int { tokens.withLock(\.count) }

  /// How many wait for the exchange of this key.
  package func waiterCount(for key: Key) -> Int { flights.waiterCount(for: key) }

  /// The token when there is one that lives long enough.
  package func token(for key: Key, minimumSeconds: Int) -> AccessToken? {
    guard let token = tokens.withLock({ $0[key] }), token.lives(atLeast: minimumSeconds, after: wallClock.now())
    else { return nil }
    return token
  }

  /// Drops the token. An exchange that is under way brings a newer one, so it is kept.
  package func invalidate(_ key: Key) { tokens.withLock { $0[key] = nil } }

  /// Drops all tokens, and will not keep those of exchanges under way: a key or a secret they rest on has gone.
  package func removeAll() {
    refusals.removeAll()
    flights.detachAll()
    tokens.withLock { $0 = [:] }
  }

  /// The same for those that rules allow no more.
  package func removeAll(where isGone: (Key) -> Bool) {
    refusals.removeAll()
    flights.detach(where: isGone)
    tokens.withLock { tokens in tokens = tokens.filter { !isGone($0.key) } }
  }

  /// Drops all tokens after the lockdown; who waits for an exchange is refused at once.
  func lock() {
    flights.failAll(.policy(.locked))
    tokens.withLock { $0 = [:] }
  }

  /// The outcome of the one exchange of this key, started here if there is none.
  ///
  /// - Parameter minimumSeconds: a token that came in meanwhile and lives so long will do; nil wants a new one.
  /// - Throws: `.abandoned` at once when the calling task is cancelled; the exchange goes on for the others.
  ///   `.policy(.locked)` after the lockdown, and at once when it comes meanwhile.
  package func exchanged(
    _ key: Key,
    minimumSeconds: Int?,
    for caller: any Caller,
    by exchange: @escaping @Sendable (Flight) async -> Outcome
  ) async throws(Failure) -> AccessToken {
    try lockdown.requireOpen()
    let token = try await flights.value(for: key, caller: caller) { flight in
      // Since the caller looked, another exchange may have ended.
      if let minimumSeconds, let token = self.token(for: key, minimumSeconds: minimumSeconds) { return .success(token) }
      return await exchange(flight)
    } keep: {
      self.keep($0, for: key)
    }
    // An exchange that was begun just before the lockdown ended just behind it.
    try lockdown.requireOpen()
    return token
  }

  /// Makes room where it is needed: expired tokens go first, then the one that ends soonest.
  private func keep(_ token: AccessToken, for key: Key) {
    let now = wallClock.now()
    tokens.withLock { tokens in
      guard !lockdown.isClosed else { return }
      if tokens.count >= maximumEntries { tokens = tokens.filter { $0.value.expiresAt > now } }
      if tokens.count >= maximumEntries, let soonest = tokens.min(by: { $0.value.expiresAt < $1.value.expiresAt }) {
        tokens[soonest.key] = nil
      }
      tokens[key] = token
    }
  }
}
