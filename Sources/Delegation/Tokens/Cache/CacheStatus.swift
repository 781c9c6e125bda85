import Synchronization

extension TokenCache {
  /// Counted since the process began.
  struct Counts: Sendable {
    var hits = 0
    var misses = 0
    var servedStale = 0
    var renewalsBegun = 0
    var renewalsFailed = 0
    var evicted = 0

    mutating func add(hit isStale: Bool) {
      hits += 1
      if isStale { servedStale += 1 }
    }
  }

  /// What `getStatus` tells.
  package struct Status: Sendable, Equatable {
    package struct Renewals: Sendable, Equatable {
      package let begun: Int
      package let failed: Int
    }

    package let entries: Int
    package let maxEntries: Int
    /// Those of the entries that are used as they are.
    package let fresh: Int
    /// Those that are renewed when they are used.
    package let stale: Int
    /// Calls answered from memory at once.
    package let hits: Int
    /// Calls that waited for an exchange.
    package let misses: Int
    /// Exchanges begun ahead, with nobody waiting.
    package let renewals: Renewals
    /// Calls answered with a stale token: hits, and those for which the domain was too slow.
    package let servedStale: Int
    /// Tokens dropped to make room, ended ones among them.
    package let evicted: Int
    /// Refusals that are answered without asking again.
    package let rememberedRefusals: Int
  }

  package var status: Status {
    let now = now
    let (states, counts) = state.withLock { state in
      (state.tokens.values.map { $0.state(left: $0.token.left(at: now), maximumStaleSeconds: nil) }, state.counts)
    }
    return Status(
      entries: states.count,
      maxEntries: maximumEntries,
      fresh: states.count { $0 == .fresh },
      stale: states.count { $0 == .stale },
      hits: counts.hits,
      misses: counts.misses,
      renewals: Status.Renewals(begun: counts.renewalsBegun, failed: counts.renewalsFailed),
      servedStale: counts.servedStale,
      evicted: counts.evicted,
      rememberedRefusals: refusals.count
    )
  }
}
