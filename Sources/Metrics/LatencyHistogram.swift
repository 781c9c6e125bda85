/// How long things took: counters on a logarithmic scale, in about 2 KiB however much is recorded.
///
/// Below 16 µs durations are kept to the microsecond, above with a relative error of at most 1/16. Beyond
/// `longest` they count as that long. Counters and sum stay at their greatest value rather than overflow.
package struct LatencyHistogram: Sendable, Equatable {
  /// 38 hours: longer than any request may take.
  package static let longest: Duration = .microseconds((1 << octaves) - 1)

  private static let octaves = 37
  /// Each octave is divided into so many buckets of equal width, as a power of two.
  private static let subdivision = 3
  private static let bucketsPerOctave = 1 << subdivision
  private static let bucketCount = (octaves - subdivision + 1) << subdivision

  private var counters = [UInt64](repeating: 0, count: bucketCount)
  package private(set) var count: UInt64 = 0
  private var sumMicroseconds: UInt64 = 0
  private var maximumMicroseconds: UInt64 = 0

  package init() {}

  package var sum: Duration { .microseconds(Int64(clamping: sumMicroseconds)) }

  /// Exact to the microsecond, zero when nothing was recorded.
  package var maximum: Duration { .microseconds(Int64(maximumMicroseconds)) }

  package mutating func record(_ duration: Duration) {
    let microseconds = Self.microseconds(min(max(.zero, duration), Self.longest))
    counters[Self.bucket(of: microseconds)].add(1)
    count.add(1)
    sumMicroseconds.add(microseconds)
    maximumMicroseconds = max(maximumMicroseconds, microseconds)
  }

  /// What so many of a hundred durations did not exceed; zero when nothing was recorded.
  ///
  /// - Parameter percent: 1 to 100, clamped.
  package func percentile(_ percent: Int) -> Duration {
    guard count > 0 else { return .zero }
    let share = UInt64(min(max(percent, 1), 100))
    // The nearest rank, counted from 1: the smallest that has so many at or below it.
    let (high, low) = count.multipliedFullWidth(by: share)
    let (quotient, remainder) = UInt64(100).dividingFullWidth((high, low))
    var missing = quotient + (remainder > 0 ? 1 : 0)
    for (bucket, counter) in counters.enumerated() {
      guard counter < missing else {
        return .microseconds(Int64(min(Self.middle(of: bucket), maximumMicroseconds)))
      }
      missing -= counter
    }
    return maximum
  }

  private static func microseconds(_ duration: Duration) -> UInt64 {
    let (seconds, attoseconds) = duration.components
    return UInt64(seconds) * 1_000_000 + UInt64(attoseconds) / 1_000_000_000_000
  }

  /// The first two octaves' worth of buckets hold one value each.
  private static func bucket(of microseconds: UInt64) -> Int {
    guard microseconds >= bucketsPerOctave else { return Int(microseconds) }
    let shift = UInt64.bitWidth - 1 - microseconds.leadingZeroBitCount - subdivision
    return shift << subdivision + Int(microseconds >> shift)
  }

  private static func middle(of bucket: Int) -> UInt64 {
    guard bucket >= 2 * bucketsPerOctave else { return UInt64(bucket) }
    let shift = bucket >> subdivision - 1
    let lowest = UInt64(bucket - shift << subdivision) << shift
    return lowest + (1 << shift) / 2
  }
}

extension UInt64 {
  fileprivate mutating func add(_ other: UInt64) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? .max : sum
  }
}
