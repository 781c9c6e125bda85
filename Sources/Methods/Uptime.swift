import Delegation

/// Since when the process serves. How long is measured on the clock that never jumps.
struct Uptime: Sendable {
  let startedAt: UnixTime
  private let start: ContinuousClock.Instant
  private let clock: any MonotonicClock

  init(_ ports: Ports) {
    startedAt = ports.wallClock.now()
    clock = ports.clock
    start = clock.now
  }

  var seconds: Int64 { start.duration(to: clock.now).components.seconds }
}
