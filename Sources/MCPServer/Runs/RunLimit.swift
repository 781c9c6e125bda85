import Delegation
import Synchronization

/// At most so many runs in any minute, however they are asked for.
final class RunLimit: Sendable {
  private let perMinute: Int
  private let clock: any MonotonicClock
  /// When those of the last minute were begun, the earliest first.
  private let begun = Mutex<[ContinuousClock.Instant]>([])

  init(perMinute: Int, clock: any MonotonicClock) {
    self.perMinute = perMinute
    self.clock = clock
  }

  /// Counts one run that is about to begin.
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
      "\(perMinute) runs were started in the last minute, which is the limit of this server.",
      hint: "Nothing was started. Try again in \(seconds) seconds."
    )
    failure.isRetryable = true
    failure.retryAfterMs = Int(seconds) * 1000
    throw failure
  }
}
