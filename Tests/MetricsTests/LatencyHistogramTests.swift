import Metrics
import TestSupport
import Testing

@Suite struct LatencyHistogramTests {
  @Test func nothingRecordedIsZero() {
    let histogram = LatencyHistogram()
    #expect(histogram.count == 0)
    #expect(histogram.sum == .zero)
    #expect(histogram.maximum == .zero)
    #expect(histogram.percentile(50) == .zero)
  }

  @Test(arguments: [1, 50, 90, 99, 100]) func oneDurationIsEveryPercentile(percent: Int) {
    var histogram = LatencyHistogram()
    histogram.record(.microseconds(1_234_567))
    #expect(histogram.percentile(percent).isAbout(.microseconds(1_234_567)))
    #expect(histogram.percentile(percent) <= histogram.maximum)
  }

  @Test func below16MicrosecondsItIsExact() {
    for microseconds in 0..<16 {
      var histogram = LatencyHistogram()
      histogram.record(.microseconds(microseconds))
      histogram.record(.seconds(1))
      #expect(histogram.percentile(50) == .microseconds(microseconds))
    }
  }

  /// Every power of two, its neighbours, and what lies between.
  @Test func errsByASixteenthAtMost() {
    for exponent in 4..<37 {
      let power = Int64(1) << exponent
      for microseconds in [power - 1, power, power + 1, power + power / 3, power + power / 2, 2 * power - 1] {
        var histogram = LatencyHistogram()
        histogram.record(.microseconds(microseconds))
        histogram.record(LatencyHistogram.longest)
        #expect(histogram.percentile(50).isAbout(.microseconds(microseconds)), "\(microseconds) µs")
      }
    }
  }

  /// Held against the nearest rank in the sorted sample, over samples of all shapes.
  @Test(arguments: 1...40) func agreesWithTheSortedSample(seed: UInt64) {
    var chance = SeededRandom(seed)
    var histogram = LatencyHistogram()
    // The scale is drawn too, so that samples spread over all of the range.
    let durations = (0..<Int.random(in: 1...2000, using: &chance)).map { _ in
      let octave = Int.random(in: 1...36, using: &chance)
      return Duration.microseconds(Int64.random(in: 0..<(1 << octave), using: &chance))
    }
    for duration in durations { histogram.record(duration) }
    let sorted = durations.sorted()
    for percent in 1...100 {
      let rank = (sorted.count * percent + 99) / 100
      #expect(histogram.percentile(percent).isAbout(sorted[rank - 1]), "\(percent) % of \(sorted.count)")
    }
    #expect(histogram.count == UInt64(sorted.count))
    #expect(histogram.maximum == sorted.last)
    #expect(histogram.sum == durations.reduce(.zero, +))
  }

  @Test func whatIsOutOfRangeIsClamped() {
    var histogram = LatencyHistogram()
    histogram.record(.seconds(-5))
    #expect(histogram.percentile(100) == .zero)
    histogram.record(.seconds(Int64.max))
    #expect(histogram.maximum == LatencyHistogram.longest)
    #expect(histogram.percentile(100) <= histogram.maximum)
    #expect(histogram.count == 2)
  }

  @Test func theSumDoesNotOverflow() {
    var histogram = LatencyHistogram()
    for _ in 1...1000 { histogram.record(LatencyHistogram.longest) }
    #expect(histogram.sum == LatencyHistogram.longest * 1000)
  }

  @Test func percentsOutOfRangeAreClamped() {
    var histogram = LatencyHistogram()
    for milliseconds in 1...10 { histogram.record(.milliseconds(milliseconds)) }
    #expect(histogram.percentile(0) == histogram.percentile(1))
    #expect(histogram.percentile(101) == histogram.percentile(100))
  }
}

extension Duration {
  /// Within the promised sixteenth.
  fileprivate func isAbout(_ other: Duration) -> Bool {
    let difference = self > other ? self - other : other - self
    return difference <= other / 16
  }
}
