import Synchronization

/// The time at an identity domain, as far as the `Date` of its token endpoint has shown it.
package final class DomainClock: Sendable {
  /// What `getStatus` tells.
  package struct Status: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
      case unknown
      case agrees
      case corrected
      case tooFar = "too_far"
    }

    package let state: State
    /// What assertions are corrected by: 0 in every state but `corrected`.
    package let offsetMs: Int64
    /// The domain's clock minus ours by the last answer, and how long ago that was.
    package let lastOffsetMs: Int64?
    package let lastAge: Duration?
  }

  private let wallClock: any WallClock
  private let clock: any MonotonicClock
  private let evidence = Mutex(ClockEvidence())

  package init(wallClock: any WallClock, clock: any MonotonicClock) {
    self.wallClock = wallClock
    self.clock = clock
  }

  /// What assertions are dated by: this machine's clock, or the domain's where that is shown to be another.
  ///
  /// - Throws: `.token(.clockTooFar)` when they are more than 30 minutes apart.
  package func now() throws(Failure) -> ClockSetting {
    let machine = machine
    switch judge(machine) {
    case .unknown, .agrees: return machine
    case .corrected(let offset): return machine.moved(by: offset)
    case .tooFar(let offset, let left):
      throw .token(.clockTooFar(offsetMs: offset, retryAfterMs: left.milliseconds))
    }
  }

  /// The time at the domain, however far from ours; nil while nothing is shown.
  var shown: UnixTime? {
    let machine = machine
    switch judge(machine) {
    case .unknown: return nil
    case .agrees: return machine.time
    case .corrected(let offset), .tooFar(let offset, _): return machine.moved(by: offset).time
    }
  }

  package var status: Status {
    let machine = machine
    let (judgement, last) = evidence.withLock { ($0.judge(machine), $0.last) }
    let (state, offset): (Status.State, Int64) =
      switch judgement {
      case .unknown: (.unknown, 0)
      case .agrees: (.agrees, 0)
      case .corrected(let offset): (.corrected, offset)
      case .tooFar: (.tooFar, 0)
      }
    return Status(
      state: state,
      offsetMs: offset,
      lastOffsetMs: last.map { $0.domain.ahead(of: machine) },
      lastAge: last.map { machine.instant - $0.domain.instant }
    )
  }

  var instant: ContinuousClock.Instant { clock.now }

  /// How long ago an answer was heard; very long when none was.
  var silence: Duration { status.lastAge ?? .seconds(Int64(Int32.max)) }

  /// Takes the date of an answer that has just come.
  ///
  /// - Parameters:
  ///   - asked: when the question was sent.
  ///   - minted: the clock that dated what was signed for it.
  func hear(_ date: UnixTime?, asked: ContinuousClock.Instant, minted: ClockSetting?) -> DatedAnswer? {
    guard let answer = DatedAnswer(date, machine: machine, asked: asked, minted: minted) else { return nil }
    evidence.withLock { $0.hear(answer) }
    return answer
  }

  /// Takes it as the truth: the answer is a refusal that it explains.
  func believe(_ answer: DatedAnswer) { evidence.withLock { $0.believe(answer) } }

  /// The outcome of an exchange; of a second one when the first was refused for the times of what it signed.
  func correcting<Value>(
    _ flight: Flight,
    _ exchange: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    do throws(Failure) { return try await exchange() } catch {
      guard error.isClockSkew else { throw error }
      // When the clock is too far off this is the better error.
      _ = try now()
      try flight.wait()
      return try await exchange()
    }
  }

  private var machine: ClockSetting { ClockSetting(wallClock.now(), at: clock.now) }

  private func judge(_ machine: ClockSetting) -> ClockEvidence.Judgement { evidence.withLock { $0.judge(machine) } }
}

extension ClockSetting {
  fileprivate func moved(by milliseconds: Int64) -> ClockSetting {
    ClockSetting(UnixTime(milliseconds: time.milliseconds + milliseconds), at: instant)
  }
}

extension Failure {
  /// The identity domain refused what we signed, and its clock is not the one that dated it.
  var isClockSkew: Bool {
    if case .token(.refused(let refusal)) = self { refusal.kind == .clockSkew } else { false }
  }
}
