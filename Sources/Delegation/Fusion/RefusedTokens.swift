import Synchronization

/// Tokens that the pod has refused although they were new, for a few seconds.
///
/// One more would be refused, too: it is a matter of scope or of the user. Who asks in a loop must not take the turns of
/// everybody at the identity domain for it.
final class RefusedTokens: Sendable {
  typealias Instant = ContinuousClock.Instant

  private static let lifetime: Duration = .seconds(10)
  private static let maximumCount = 10_000

  private let clock: any MonotonicClock
  private let digests: any Digests
  /// By their digests: a credential is not kept in a second place.
  private let refused = Mutex<[[UInt8]: Instant]>([:])

  init(clock: any MonotonicClock, digests: any Digests) {
    self.clock = clock
    self.digests = digests
  }

  func add(_ token: AccessToken) {
    let (digest, now) = (digest(of: token), clock.now)
    refused.withLock { refused in
      if refused.count >= Self.maximumCount { refused = refused.filter { now - $0.value < Self.lifetime } }
      if refused.count < Self.maximumCount { refused[digest] = now }
    }
  }

  func contains(_ token: AccessToken) -> Bool {
    let (digest, now) = (digest(of: token), clock.now)
    return refused.withLock { $0[digest].map { now - $0 < Self.lifetime } ?? false }
  }

  private func digest(of token: AccessToken) -> [UInt8] { digests.sha256(Array(token.text.utf8)) }
}
