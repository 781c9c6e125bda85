import Synchronization

/// What is known of each identity domain, whatever profile it is asked with: its clock, and how much it is asked.
package final class IdentityDomains: Sendable {
  /// A date is as good as the road it came by: who gives a profile roots and a proxy of their own could make it up, and
  /// must not set the clock by which other profiles sign.
  private struct Road: Hashable {
    let caFile: String?
    let proxy: String?
  }

  private struct Known {
    let limiter: RequestLimiter
    let exchanges: ExchangeStatistics
    var clocks: [Road: DomainClock] = [:]

    /// The one that was heard last.
    var clock: DomainClock? { clocks.values.min { $0.silence < $1.silence } }
  }

  /// More than any process has. Beyond it all is forgotten, for a client must not fill the memory with names.
  private static let maximumCount = 1000
  private static let maximumRoads = 100

  private let wallClock: any WallClock
  private let clock: any MonotonicClock
  /// What the profiles of a domain say of its rate.
  private let rate: @Sendable (_ identityDomainUrl: String) -> RateLimit
  private let kind: @Sendable (Failure) -> String
  private let known = Mutex<[String: Known]>([:])

  package init(
    wallClock: any WallClock,
    clock: any MonotonicClock,
    kind: @escaping @Sendable (Failure) -> String,
    rate: @escaping @Sendable (_ identityDomainUrl: String) -> RateLimit
  ) {
    self.wallClock = wallClock
    self.clock = clock
    self.kind = kind
    self.rate = rate
  }

  /// The domain of a validated profile.
  package func domain(of profile: Profile) -> IdentityDomain {
    let (url, road) = (profile.identityDomainUrl, Road(caFile: profile.caFile, proxy: profile.proxy))
    return known.withLock { known in
      if known[url] == nil, known.count >= Self.maximumCount { known = [:] }
      var domain = known[url] ?? new(url)
      if domain.clocks[road] == nil, domain.clocks.count >= Self.maximumRoads { domain.clocks = [:] }
      let clock = domain.clocks[road] ?? DomainClock(wallClock: wallClock, clock: clock)
      domain.clocks[road] = clock
      known[url] = domain
      return IdentityDomain(url: url, clock: clock, limiter: domain.limiter, exchanges: domain.exchanges)
    }
  }

  private func new(_ url: String) -> Known {
    Known(
      limiter: RequestLimiter(clock: clock) { [rate] in rate(url) },
      exchanges: ExchangeStatistics(clock: clock, kind: kind)
    )
  }

  /// By their URLs, each with the clock that was heard last.
  package var all: [IdentityDomain] {
    let domains = known.withLock { known in
      known.compactMap { url, domain in
        domain.clock.map { IdentityDomain(url: url, clock: $0, limiter: domain.limiter, exchanges: domain.exchanges) }
      }
    }
    return domains.sorted { $0.url.utf8.lexicographicallyPrecedes($1.url.utf8) }
  }
}

/// One identity domain, as this process has come to know it.
package struct IdentityDomain: Sendable {
  package let url: String
  package let clock: DomainClock
  package let limiter: RequestLimiter
  package let exchanges: ExchangeStatistics
}
