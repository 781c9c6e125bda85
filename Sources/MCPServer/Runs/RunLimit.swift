import Delegation
import Synchronization

/// At most so many of one thing in any minute, however they are asked for.
final class RunLimit: Sendable {
  private let perMinute: Int
  /// What is counted, as a sentence goes on behind a number.
  private let what: String
  private let clock: any MonotonicClock
  /// When those of the last minute were begun, the earliest first.
  private let begun = Mutex<[ContinuousClock.Instant]>([])

  init(perMinute: Int, of what: String, clock: any MonotonicClock) {
    self.perMinute = perMinute
    self.what = what
    self.clock = clock
  }

  /// Counts one that is about to begin.
  func take() throws(ToolFailure) {
    let now = clock.now
    let pause = begun.withLock { begun -> Duration? in
      begun.removeAll { $0 + .seconds(60) <= now }
      if begun.count >= perMinute { return begun[0] + .seconds(60) - now }
      begun.append(now)
      return nil
    }
    guard let pause else { return }
    let seconds = pause.components.seconds + (pause.components.attoseconds > 0 ? 1 : 0)
    var failure = ToolFailure(
      kind: "too_many_requests",
      "\(perMinute) \(what) in the last minute, which is the limit of this server.",
      hint: "Nothing was done. Try again in \(seconds) seconds."
    )
    failure.isRetryable = true
    failure.retryAfterMs = Int(seconds) * 1000
    throw failure
  }
}
