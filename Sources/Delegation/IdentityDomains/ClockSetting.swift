/// How a clock is set: what it shows at one instant of the monotonic clock, and so at every other.
///
/// Two settings can be compared whatever has become of the clock of this machine between them.
package struct ClockSetting: Sendable, Equatable {
  package let time: UnixTime
  package let instant: ContinuousClock.Instant

  package init(_ time: UnixTime, at instant: ContinuousClock.Instant) {
    self.time = time
    self.instant = instant
  }

  func time(at instant: ContinuousClock.Instant) -> UnixTime {
    UnixTime(milliseconds: time.milliseconds + Int64((instant - self.instant).milliseconds))
  }

  /// Milliseconds by which this clock is ahead of the other; negative when it is behind.
  func ahead(of other: ClockSetting) -> Int64 { time.milliseconds - other.time(at: instant).milliseconds }
}

/// What the `Date` of one answer says, its arithmetic done.
package struct DatedAnswer: Sendable {
  /// An answer that took longer leaves open when in that time it was dated.
  private static let longestRoundTrip: Duration = .seconds(10)
  /// Beyond it an assertion of ours is refused for its times; the domain grants about 5 minutes.
  private static let tolerableOffsetMs = 60_000
  private static let year9999 = UnixTime(seconds: 253_402_300_799)

  /// The domain's clock, by the answer.
  let domain: ClockSetting
  /// The clock of this machine when the answer came.
  let machine: ClockSetting
  /// The clock that dated what we signed for the question; nil when we signed nothing.
  let minted: ClockSetting?
  let isPrompt: Bool

  /// Nil without a date, and for one that no calendar has.
  ///
  /// - Parameter asked: when the question was sent.
  package init?(
    _ date: UnixTime?,
    machine: ClockSetting,
    asked: ContinuousClock.Instant,
    minted: ClockSetting?
  ) {
    guard let date, date >= UnixTime(seconds: 0), date <= Self.year9999 else { return nil }
    // A date has whole seconds, cut off: half a second is what it lacks on average.
    domain = ClockSetting(UnixTime(milliseconds: date.milliseconds + 500), at: machine.instant)
    self.machine = machine
    self.minted = minted
    isPrompt = machine.instant - asked <= Self.longestRoundTrip
  }

  /// The domain's clock minus that of this machine.
  var offsetMs: Int64 { domain.ahead(of: machine) }

  /// Whether a refusal may be due to the times of what we signed.
  var contradictsMint: Bool {
    guard let minted else { return false }
    return domain.ahead(of: minted).magnitude > Self.tolerableOffsetMs
  }
}
