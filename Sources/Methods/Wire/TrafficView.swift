import Delegation
import Metrics

/// `Traffic` of protocol/types.json.
package struct TrafficView: Encodable, Sendable {
  let requests: UInt64
  let inFlight: Int
  let answers: CountsView<Int>
  let failures: CountsView<Int>
  let latency: LatencyView

  init(_ traffic: ServerTraffic) {
    requests = traffic.latency.count
    inFlight = traffic.inFlight
    answers = CountsView(counts: Dictionary(uniqueKeysWithValues: traffic.answers.map { ("\($0.key)", $0.value) }))
    failures = CountsView(
      counts: Dictionary(uniqueKeysWithValues: traffic.failures.map { ($0.key.rawValue, $0.value) })
    )
    latency = LatencyView(traffic.latency)
  }
}
