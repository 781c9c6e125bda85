import Synchronization

/// Counts tokens taken from memory by profile, user, scope and minute, and tells each count once.
///
/// Counting one that is known allocates nothing.
final class UseCounter: Sendable {
  private struct Use: Hashable {
    let profile: String
    let subject: String
    let scope: String
  }

  private struct State {
    var minute: Int64 = 0
    var counts: [Use: Int] = [:]
  }

  private let sink: any AuditSink
  private let wallClock: any WallClock
  private let clock: any MonotonicClock
  private let state = Mutex(State())
  /// More are told before their minute is over.
  private static let maximumEntries = 10_000

  init(sink: any AuditSink, wallClock: any WallClock, clock: any MonotonicClock) {
    self.sink = sink
    self.wallClock = wallClock
    self.clock = clock
  }

  func count(_ token: AccessToken, profile: String) {
    let now = wallClock.now()
    let minute = now.minute
    let use = Use(profile: profile, subject: token.subject, scope: token.scope)
    let (over, isFirst) = state.withLock { state -> (State?, Bool) in
      var over: State?
      if state.minute != minute || state.counts.count >= Self.maximumEntries {
        over = state
        state = State(minute: minute)
      }
      state.counts[use, default: 0] += 1
      return (over, state.counts.count == 1 && state.counts[use] == 1)
    }
    if let over { tell(over, at: now) }
    if isFirst { tellAfterTheMinute(now) }
  }

  /// Tells what has been counted, whether its minute is over or not.
  func tell() {
    let over = state.withLock { state in
      defer { state = State() }
      return state
    }
    tell(over, at: wallClock.now())
  }

  /// When nobody asks any more, the last minute is told all the same.
  private func tellAfterTheMinute(_ now: UnixTime) {
    let minute = now.minute
    let rest = Duration.milliseconds((minute + 1) * 60_000 - now.milliseconds)
    Task { [clock] in
      guard (try? await clock.sleep(until: clock.now.advanced(by: rest), tolerance: nil)) != nil else { return }
      self.tellIfStill(minute)
    }
  }

  private func tellIfStill(_ minute: Int64) {
    let over = state.withLock { state -> State? in
      guard state.minute == minute else { return nil }
      defer { state = State() }
      return state
    }
    if let over { tell(over, at: wallClock.now()) }
  }

  private func tell(_ over: State, at now: UnixTime) {
    for (use, count) in over.counts {
      var facts = AuditFacts(profile: use.profile, subject: use.subject)
      facts.scope = use.scope
      sink.add(.used(facts, count: count, minute: over.minute, at: now))
    }
  }
}

extension UnixTime {
  /// Whole minutes since 1970.
  fileprivate var minute: Int64 { (seconds - (seconds % 60 + 60) % 60) / 60 }
}
