/// Whose turn it is at an identity domain, and when: the queue, the windows, and what the domain itself has asked for.
struct RequestTurns: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// What the domain may ask for. A longer pause is told to those who meet it, and not kept.
  static let longestPause: Duration = .seconds(300)
  /// After a 429 that does not say how long.
  static let standardPause: Duration = .seconds(1)
  /// As many as requests can be in flight.
  static let maximumQueued = 10_000

  /// Where one stands who waits.
  struct Place: Sendable, Equatable {
    let number: Int
    /// How many turns come before.
    let ahead: Int
    let wait: Duration
  }

  private var queue = FairQueue()
  private var windows = RequestWindows()
  private var share = DomainShare()
  private var pausedUntil: Instant?
  private var granted = 0

  var isEmpty: Bool { queue.isEmpty }

  /// - Throws: when the turn would come after the deadline.
  mutating func lineUp(
    _ number: Int,
    in lane: FairQueue.Lane,
    deadline: Instant,
    _ rate: RateLimit,
    at now: Instant
  ) throws(TokenFailure) -> Place {
    let ahead = queue.ahead(of: lane)
    let turn = turn(after: ahead, limit(rate, at: now, isBackground: lane == .background), at: now)
    guard turn <= deadline, queue.count < Self.maximumQueued else {
      throw .heldBack(
        TokenFailure.HeldBack(
          queued: queue.count,
          limit: share.limit(rate, at: now),
          retryAfterMs: (turn - now).milliseconds,
          isPaused: pausedUntil.map { $0 > now } ?? false
        )
      )
    }
    queue.append(number, to: lane)
    return Place(number: number, ahead: ahead, wait: turn - now)
  }

  mutating func promote(_ number: Int, to lane: FairQueue.Lane) {
    if queue.remove(number) { queue.append(number, to: lane) }
  }

  mutating func leave(_ number: Int) { queue.remove(number) }

  /// When the next turn may be given; nil is at once.
  mutating func opening(_ rate: RateLimit, at now: Instant) -> Instant? {
    let paused = pausedUntil.flatMap { $0 > now ? $0 : nil }
    let limit = limit(rate, at: now, isBackground: queue.isBackground)
    return [paused, windows.opening(limit, at: now)].compactMap(\.self).max()
  }

  /// Gives the next turn; nil when nobody waits.
  mutating func give(at now: Instant) -> Int? {
    guard let number = queue.popFirst() else { return nil }
    windows.begin(number, at: now)
    granted += 1
    return number
  }

  /// The request of a turn has been answered, or has failed.
  ///
  /// - Parameter began: when the turn was given.
  mutating func end(_ number: Int, began: Instant, _ failure: Failure?, at now: Instant) {
    if failure?.cameBeforeSending == true {
      windows.withdraw(number)
    } else {
      windows.end(number, at: now)
    }
    if case .token(.refused(let refusal)) = failure { heed(refusal, began: began, at: now) }
  }

  /// How far everybody is who waits, in one pass.
  mutating func places(_ rate: RateLimit, at now: Instant) -> [Place] {
    let limit = share.limit(rate, at: now)
    var (queue, places) = (queue, [Place]())
    while let number = queue.popFirst() {
      let wait = turn(after: places.count, limit, at: now) - now
      places.append(Place(number: number, ahead: places.count, wait: wait))
    }
    return places
  }

  mutating func status(_ rate: RateLimit, at now: Instant) -> RequestLimiter.Status {
    let limit = share.limit(rate, at: now)
    return RequestLimiter.Status(
      perSecond: limit.perSecond,
      perMinute: limit.perMinute,
      share: share.current(at: now),
      queued: queue.count,
      pausedMs: pausedUntil.map { max(0, ($0 - now).milliseconds) } ?? 0,
      granted: granted,
      lastMinute: windows.count(at: now)
    )
  }

  /// Whoever comes finds half of the minute free, however many turns went to what nobody waits for.
  private func limit(_ rate: RateLimit, at now: Instant, isBackground: Bool) -> RateLimit {
    var limit = share.limit(rate, at: now)
    if isBackground { limit.perMinute = max(1, limit.perMinute / 2) }
    return limit
  }

  private mutating func turn(after ahead: Int, _ limit: RateLimit, at now: Instant) -> Instant {
    windows.turn(after: ahead, limit, from: max(pausedUntil ?? now, now), at: now)
  }

  /// A 429 costs half of the rate. The pause that is asked for is kept, after a 503 too.
  private mutating func heed(_ refusal: TokenFailure.Refusal, began: Instant, at now: Instant) {
    var pause = refusal.retryAfterMs.map { Duration.milliseconds($0) }
    switch refusal.status {
    case 429:
      share.halve(at: now, sentAt: began)
      pause = pause ?? Self.standardPause
    case 503: break
    default: return
    }
    guard let pause else { return }
    let end = now + min(pause, Self.longestPause)
    pausedUntil = max(pausedUntil ?? end, end)
  }
}

extension Failure {
  /// Nothing of it has reached the domain, so it needs no room in a window.
  fileprivate var cameBeforeSending: Bool {
    switch self {
    case .params, .profile, .policy, .store, .file, .key: true
    case .token(.noClientSecret), .token(.clockTooFar), .token(.heldBack), .token(.noneInMemory): true
    case .token(.refused), .token(.wrongUser), .token(.wrongScope), .token(.withoutLife): false
    case .fusion, .audit, .duringRun, .startUnknown, .abandoned: false
    case .network(let failure): if case .http(.unreachable) = failure.problem { true } else { false }
    }
  }
}
