import Metrics

/// `Latency` of protocol/types.json: milliseconds, to the microsecond.
package struct LatencyView: Encodable, Sendable {
  let meanMs: Double
  let p50Ms: Double
  let p90Ms: Double
  let p99Ms: Double
  let maxMs: Double

  init(_ histogram: LatencyHistogram) {
    meanMs = histogram.count == 0 ? 0 : (histogram.sum / Double(histogram.count)).roundedMilliseconds
    p50Ms = histogram.percentile(50).roundedMilliseconds
    p90Ms = histogram.percentile(90).roundedMilliseconds
    p99Ms = histogram.percentile(99).roundedMilliseconds
    maxMs = histogram.maximum.roundedMilliseconds
  }
}

extension Duration {
  fileprivate var roundedMilliseconds: Double { (self / .microseconds(1)).rounded() / 1000 }
}
