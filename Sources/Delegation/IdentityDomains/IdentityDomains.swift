import Synchronization

/// What is known of each identity domain, whatever profile it is asked with: its clock, and how much it is asked.
package final class IdentityDomains: Sendable {
  /// More than any process has. Beyond it all is forgotten, for a client must not fill the memory with names.
  private static let maximumCount = 1000

  private let wallClock: any WallClock
  private let clock: any MonotonicClock
  /// What the profiles of a domain say of its rate.
  private let rate: @Sendable (_ identityDomainUrl: String) -> RateLimit
  private let kind: @Sendable (Failure) -> String
  private let known = Mutex<[String: IdentityDomain]>([:])

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
    let url = profile.identityDomainUrl
    return known.withLock { known in
      if let domain = known[url] { return domain }
      if known.count >= Self.maximumCount { known = [:] }
      let rate = rate
      let domain = IdentityDomain(
        url: url,
        clock: DomainClock(wallClock: wallClock, clock: clock),
        limiter: RequestLimiter(clock: clock) { rate(url) },
        exchanges: ExchangeStatistics(clock: clock, kind: kind)
      )
      known[url] = domain
      return domain
    }
  }

  /// By their URLs.
  package var all: [IdentityDomain] {
    known.withLock { $0.values.sorted { $0.url.utf8.lexicographicallyPrecedes($1.url.utf8) } }
  }
}

/// One identity domain, as this process has come to know it.
package struct IdentityDomain: Sendable {
  package let url: String
  package let clock: DomainClock
  package let limiter: RequestLimiter
  package let exchanges: ExchangeStatistics
}
