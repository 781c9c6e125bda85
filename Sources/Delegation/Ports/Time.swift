/// A point in wall-clock time: whole milliseconds since 1970-01-01T00:00:00Z.
package struct UnixTime: Sendable, Hashable, Comparable {
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }
  package init(seconds: Int64) { milliseconds = seconds * 1000 }

  /// Whole seconds, rounded down: what `iat` and `exp` carry (RFC 7519, NumericDate).
  package var seconds: Int64 { milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000 }

  package func advanced(bySeconds seconds: Int64) -> UnixTime { UnixTime(milliseconds: milliseconds + seconds * 1000) }

  package static func < (left: UnixTime, right: UnixTime) -> Bool { left.milliseconds < right.milliseconds }
}

/// What the world's clock says. It may jump.
package protocol WallClock: Sendable {
  func now() -> UnixTime
}

/// A clock that never jumps: deadlines are its instants.
package protocol MonotonicClock: Clock, Sendable where Instant == ContinuousClock.Instant, Duration == Swift.Duration {}

/// On Linux it is `CLOCK_BOOTTIME`: while the machine is suspended it goes on. While a virtual machine is paused it may not.
extension ContinuousClock: MonotonicClock {}

extension Duration {
  /// Whole ones, rounded toward zero.
  var milliseconds: Int { Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000) }
}
