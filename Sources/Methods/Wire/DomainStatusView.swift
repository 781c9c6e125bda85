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

  struct Limiter: Encodable, Sendable {
    let perSecond: Int
    let perMinute: Int
    let share: Double
    let queued: Int
    let pausedMs: Int
    let granted: Int
    let lastMinute: Int
  }

  struct Clock: Encodable, Sendable {
    let state: String
    let offsetMs: Int64
    let lastOffsetMs: Int64?
    let lastAgeMs: Int?
  }

  let identityDomainUrl: String
  let exchanges: Exchanges
  let limiter: Limiter
  let clock: Clock
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
    limiter = Limiter(domain.limiter.status)
    clock = Clock(domain.clock.status)
    self.traffic = TrafficView(traffic)
  }
}

extension DomainStatusView.Limiter {
  fileprivate init(_ status: RequestLimiter.Status) {
    perSecond = status.perSecond
    perMinute = status.perMinute
    share = status.share
    queued = status.queued
    pausedMs = status.pausedMs
    granted = status.granted
    lastMinute = status.lastMinute
  }
}

extension DomainStatusView.Clock {
  fileprivate init(_ status: DomainClock.Status) {
    state = status.state.rawValue
    offsetMs = status.offsetMs
    lastOffsetMs = status.lastOffsetMs
    lastAgeMs = status.lastAge.map { Int($0 / .milliseconds(1)) }
  }
}
