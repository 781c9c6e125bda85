import Delegation

/// `cache` of `getStatus`: the tokens in memory, and what has become of them.
struct CacheView: Encodable, Sendable {
  struct Renewals: Encodable, Sendable {
    let begun: Int
    let failed: Int
  }

  let entries: Int
  let maxEntries: Int
  let fresh: Int
  let stale: Int
  let hits: Int
  let misses: Int
  let renewals: Renewals
  let servedStale: Int
  let evicted: Int
  let rememberedRefusals: Int

  init(_ status: TokenCache.Status) {
    entries = status.entries
    maxEntries = status.maxEntries
    fresh = status.fresh
    stale = status.stale
    hits = status.hits
    misses = status.misses
    renewals = Renewals(begun: status.renewals.begun, failed: status.renewals.failed)
    servedStale = status.servedStale
    evicted = status.evicted
    rememberedRefusals = status.rememberedRefusals
  }
}
