import Synchronization

/// Access tokens in memory, and one exchange at a time for each (single flight). Nothing is on disk.
///
/// A hit is answered without suspension. Callers who miss wait together for one exchange; each may leave alone, and the
/// exchange goes on for the others.
package final class TokenCache: Sendable {
  /// What makes two tokens the same: never less than all that the domain saw.
  package struct Key: Sendable, Hashable {
    package let subject: [UInt8]
    package let scope: String
    /// SHA-256 over the profile's domain, client, authentication, key, audience and tenant, and over a user token.
    package let identity: [UInt8]

    package init(subject: [UInt8], scope: String, identity: [UInt8]) {
      self.subject = subject
      self.scope = scope
      self.identity = identity
    }
  }

  package typealias Outcome = Result<AccessToken, Failure>

  private struct State {
    var tokens: [Key: AccessToken] = [:]
    /// Exchanges under way, and who waits for each.
    var flights: [Key: [Int: CheckedContinuation<Outcome, Never>]] = [:]
    var lastID = 0
  }

  private let state = Mutex(State())
  private let wallClock: any WallClock
  private let maximumEntries: Int

  package init(wallClock: any WallClock, maximumEntries: Int = 10_000) {
    self.wallClock = wallClock
    self.maximumEntries = maximumEntries
  }

  package var count: Int { state.withLock { $0.tokens.count } }

  /// How many wait for the exchange of this key.
  package func waiterCount(for key: Key) -> Int { state.withLock { $0.flights[key]?.count ?? 0 } }

  /// The token when there is one that lives long enough.
  package func token(for key: Key, minimumSeconds: Int) -> AccessToken? {
    guard let token = state.withLock({ $0.tokens[key] }), token.lives(atLeast: minimumSeconds, after: wallClock.now())
    else { return nil }
    return token
  }

  /// Drops the token. An exchange that is under way brings a newer one, so it is kept.
  package func invalidate(_ key: Key) { state.withLock { $0.tokens[key] = nil } }

  package func removeAll() { state.withLock { $0.tokens = [:] } }

  /// The outcome of the one exchange of this key, started here if there is none.
  ///
  /// - Parameter minimumSeconds: a token that came in meanwhile and lives so long will do; nil wants a new one.
  /// - Throws: `.abandoned` at once when the calling task is cancelled; the exchange goes on for the others.
  package func exchanged(
    _ key: Key,
    minimumSeconds: Int?,
    by exchange: @escaping @Sendable () async -> Outcome
  ) async throws(Failure) -> AccessToken {
    let waiter = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in join(key, minimumSeconds, waiter, continuation, exchange) }
    } onCancel: {
      leave(key, waiter)
    }
    return try outcome.get()
  }

  private func join(
    _ key: Key,
    _ minimumSeconds: Int?,
    _ waiter: Int,
    _ continuation: CheckedContinuation<Outcome, Never>,
    _ exchange: @escaping @Sendable () async -> Outcome
  ) {
    let now = wallClock.now()
    let (atOnce, isFirst) = state.withLock { state -> (Outcome?, Bool) in
      // The caller may have been cancelled, or a token may have landed, before it came to wait.
      if Task.isCancelled { return (.failure(.abandoned), false) }
      if let minimumSeconds, let token = state.tokens[key], token.lives(atLeast: minimumSeconds, after: now) {
        return (.success(token), false)
      }
      let isFirst = state.flights[key] == nil
      state.flights[key, default: [:]][waiter] = continuation
      return (nil, isFirst)
    }
    if let atOnce { continuation.resume(returning: atOnce) }
    if isFirst { Task { land(key, await exchange()) } }
  }

  private func leave(_ key: Key, _ waiter: Int) {
    let continuation = state.withLock { $0.flights[key]?.removeValue(forKey: waiter) }
    continuation?.resume(returning: .failure(.abandoned))
  }

  private func land(_ key: Key, _ outcome: Outcome) {
    let waiters = state.withLock { state -> [CheckedContinuation<Outcome, Never>] in
      if case .success(let token) = outcome {
        if state.tokens.count >= maximumEntries { evict(&state) }
        state.tokens[key] = token
      }
      return state.flights.removeValue(forKey: key).map { Array($0.values) } ?? []
    }
    for waiter in waiters { waiter.resume(returning: outcome) }
  }

  /// Makes room: expired tokens go first, then the one that ends soonest.
  private func evict(_ state: inout State) {
    let now = wallClock.now()
    state.tokens = state.tokens.filter { $0.value.expiresAt > now }
    guard state.tokens.count >= maximumEntries,
      let soonest = state.tokens.min(by: { $0.value.expiresAt < $1.value.expiresAt })
    else { return }
    state.tokens[soonest.key] = nil
  }
}
