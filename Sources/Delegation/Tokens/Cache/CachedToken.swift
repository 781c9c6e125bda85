/// A token in memory. It is fresh, then stale, then of no more use.
struct CachedToken: Sendable {
  typealias Instant = ContinuousClock.Instant

  enum State {
    /// It is used, and nothing else is done.
    case fresh
    /// It is used, and renewed ahead.
    case stale
    /// Its end has come, or the profile's `maxStaleSeconds` are over.
    case invalid
  }

  let token: AccessToken
  /// With so many milliseconds left it becomes stale.
  private let margin: Int64
  /// Before that no renewal is begun.
  private var restsUntil: Instant?
  private var failures = 0
  private var lastWasOutage = false

  init(_ token: AccessToken, margin: Int64) {
    self.token = token
    self.margin = margin
  }

  /// - Parameter left: milliseconds of its life.
  func state(left: Int64, maximumStaleSeconds: Int?) -> State {
    if left > margin { return .fresh }
    let least = maximumStaleSeconds.map { max(0, margin - Int64($0) * 1000) } ?? 0
    return left > least ? .stale : .invalid
  }

  /// Whether this is the moment to renew it. Then it is not for the next seconds, however long the renewal takes.
  mutating func claimRenewal(at now: Instant, _ schedule: RenewalSchedule) -> Bool {
    if let restsUntil, now < restsUntil { return false }
    restsUntil = now + schedule.rest(after: failures)
    return true
  }

  mutating func failed(_ failure: Failure, at now: Instant, _ schedule: RenewalSchedule) {
    failures += 1
    lastWasOutage = failure.isOutage
    restsUntil = now + schedule.rest(after: failures, failure)
  }

  /// The domain could not answer a moment ago, and is not asked again yet.
  func isInOutage(at now: Instant) -> Bool {
    guard lastWasOutage, let restsUntil else { return false }
    return now < restsUntil
  }
}
