/// How much of its rate a process takes: less when the domain says 429, for others ask it too, and slowly all again.
struct DomainShare: Sendable {
  private static let least = 1.0 / 16
  private static let recoveredAMinute = 0.1

  private var value = 1.0
  private var since: ContinuousClock.Instant?

  /// 1 is the whole rate.
  func current(at now: ContinuousClock.Instant) -> Double {
    guard let since else { return 1 }
    return min(1, value + Self.recoveredAMinute * ((now - since) / .seconds(60)))
  }

  /// Halves it once for all answers to what was sent before.
  mutating func halve(at now: ContinuousClock.Instant, sentAt sent: ContinuousClock.Instant) {
    if let since, sent <= since { return }
    value = max(Self.least, current(at: now) / 2)
    since = now
  }

  /// At least one a second and a minute.
  func limit(_ rate: RateLimit, at now: ContinuousClock.Instant) -> RateLimit {
    let share = current(at: now)
    return RateLimit(
      perSecond: max(1, Int(Double(rate.perSecond) * share)),
      perMinute: max(1, Int(Double(rate.perMinute) * share))
    )
  }
}
