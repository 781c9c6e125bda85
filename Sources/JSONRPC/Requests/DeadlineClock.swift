/// The clock that deadlines are measured on. It never jumps.
package protocol DeadlineClock: Clock, Sendable where Instant == ContinuousClock.Instant, Duration == Swift.Duration {}

extension ContinuousClock: DeadlineClock {}
