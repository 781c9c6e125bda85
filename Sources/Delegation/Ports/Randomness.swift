/// Unpredictable bytes from the operating system.
package protocol Randomness: Sendable {
  func bytes(_ count: Int) -> [UInt8]
}

extension Randomness {
  /// The duration, or up to so many percent less or more, in steps of 1/65535 of the span.
  func spread(_ duration: Duration, byPercent percent: Int) -> Duration {
    let share = bytes(2).reduce(0) { $0 << 8 | Int($1) }
    return duration * (65_535 * (100 - percent) + share * 2 * percent) / (65_535 * 100)
  }
}
