import Synchronization

/// Refusals of the identity domain that asking again will not change, for a few seconds.
///
/// Who asks in a loop is answered from here. A refusal of the client is that of all its users; one of a user or a scope
/// is only its own. Whatever may change the answer forgets it: a success, a changed profile, secret or key.
package final class RefusalMemory: Sendable {
  /// What a refusal is about.
  private enum Matter: Hashable {
    case client(identity: [UInt8])
    case token(TokenCache.Key)
  }

  private struct State {
    var refusals: [Matter: (refusal: TokenFailure.Refusal, at: ContinuousClock.Instant)] = [:]
    /// Counts how often all was forgotten.
    var era = 0
  }

  private static let lifetime: Duration = .seconds(10)
  private static let maximumCount = 10_000

  private let clock: any MonotonicClock
  private let state = Mutex(State())

  package init(clock: any MonotonicClock) { self.clock = clock }

  /// Refusals that count now.
  var count: Int {
    let now = clock.now
    return state.withLock { state in state.refusals.values.count { now - $0.at < Self.lifetime } }
  }

  /// - Throws: the refusal that is remembered, with its age and what is left of its time.
  func check(_ key: TokenCache.Key) throws(Failure) {
    let now = clock.now
    let found = state.withLock { $0.refusals[.client(identity: key.identity)] ?? $0.refusals[.token(key)] }
    guard let (refusal, at) = found, now - at < Self.lifetime else { return }
    var remembered = refusal
    remembered.rememberedSeconds = Int((now - at).components.seconds)
    remembered.retryAfterMs = (Self.lifetime - (now - at)).milliseconds
    throw .token(.refused(remembered))
  }

  /// To be taken before an exchange, and given to `note` with its outcome.
  var era: Int { state.withLock(\.era) }

  /// Remembers or forgets, unless all was forgotten meanwhile: then the outcome is that of what was before.
  func note(_ outcome: TokenCache.Outcome, for key: TokenCache.Key, since era: Int) {
    let now = clock.now
    state.withLock { state in
      guard state.era == era else { return }
      switch outcome {
      case .success:
        state.refusals[.token(key)] = nil
        state.refusals[.client(identity: key.identity)] = nil
      case .failure(.token(.refused(let refusal))):
        guard let matter = Self.matter(of: refusal, key) else { return }
        if state.refusals.count >= Self.maximumCount {
          state.refusals = state.refusals.filter { now - $0.value.at < Self.lifetime }
        }
        if state.refusals.count < Self.maximumCount { state.refusals[matter] = (refusal, now) }
      case .failure: return
      }
    }
  }

  func removeAll() {
    state.withLock { state in
      state.refusals = [:]
      state.era += 1
    }
  }

  /// Nil for what may pass by itself.
  private static func matter(of refusal: TokenFailure.Refusal, _ key: TokenCache.Key) -> Matter? {
    switch refusal.kind {
    case .invalidClient, .clientInactive: .client(identity: key.identity)
    case .invalidGrant, .invalidScope, .unauthorizedClient: .token(key)
    case .assertionRejected: refusal.status < 500 ? .token(key) : nil
    case .clockSkew, .rateLimited, .other: nil
    }
  }
}
