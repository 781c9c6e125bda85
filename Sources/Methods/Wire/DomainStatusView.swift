import Delegation
import Metrics

/// `DomainStatus` of protocol/types.json: one identity domain, as this process has come to know it.
package struct DomainStatusView: Encodable, Sendable {
  struct Exchanges: Encodable, Sendable {
    let count: UInt64
    let attempts: Int
    let errors: CountsView<Int>
    let latency: LatencyView
  }

  let identityDomainUrl: String
  let exchanges: Exchanges
  let traffic: TrafficView

  init(_ domain: IdentityDomain, _ traffic: ServerTraffic) {
    let exchanges = domain.exchanges.snapshot
    identityDomainUrl = domain.url
    self.exchanges = Exchanges(
      count: exchanges.latency.count,
      attempts: exchanges.attempts,
      errors: CountsView(counts: exchanges.errors),
      latency: LatencyView(exchanges.latency)
    )
    self.traffic = TrafficView(traffic)
  }
}
