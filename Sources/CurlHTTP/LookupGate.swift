/// Decides which transfers may look up their host's name now.
///
/// libcurl starts a thread for every lookup of every transfer, and with `CURLOPT_QUICK_EXIT` that thread outlives a
/// transfer that does not wait for it. So: one lookup per name at a time, by a leader whom the others follow once the
/// name is known; at most `limit` lookups in all; and a lookup that was abandoned keeps its place for `afterlife`,
/// the time in which its thread gives up by itself. Names just found are let through, since libcurl has them cached.
struct LookupGate {
  typealias Instant = ContinuousClock.Instant

  enum Outcome {
    case found
    case failed
    /// Its transfer has ended and it goes on.
    case abandoned
    case notBegun
  }

  /// Transfers that wait no longer.
  struct Release: Equatable {
    var started: [UInt64] = []
    /// The answer to the leader's lookup is the answer to theirs.
    var failed: [UInt64] = []
  }

  static let limit = 64
  /// resolv.conf's default: two attempts of 5 s.
  static let afterlife = Duration.seconds(10)
  /// Shorter than the 60 s for which libcurl remembers an address.
  static let memory = Duration.seconds(50)
  private static let mostKnown = 1024

  private(set) var leaders: [String: UInt64] = [:]
  private var followers: [String: [UInt64]] = [:]
  /// Names that have followers but no leader, in order of arrival.
  private var queue: [String] = []
  private var known: [String: Instant] = [:]
  private var abandoned: [Instant] = []

  /// When the next abandoned lookup gives its place to somebody who waits for it.
  var nextReclaim: Instant? { queue.isEmpty ? nil : abandoned.min() }

  /// True when the transfer may start; else it will be named by a `Release`.
  mutating func enter(_ id: UInt64, _ name: String, now: Instant) -> Bool {
    if let until = known[name], until > now { return true }
    if leaders[name] == nil, followers[name] == nil {
      if queue.isEmpty, hasPlace(now) {
        leaders[name] = id
        return true
      }
      queue.append(name)
    }
    followers[name, default: []].append(id)
    return false
  }

  /// The transfer is past its lookup, or has ended. Nothing happens when it leads none.
  mutating func end(_ id: UInt64, _ name: String, _ outcome: Outcome, now: Instant) -> Release {
    guard leaders[name] == id else { return Release() }
    leaders[name] = nil
    var release = Release()
    switch outcome {
    case .found:
      remember(name, now)
      release.started = followers.removeValue(forKey: name) ?? []
    case .failed:
      release.failed = followers.removeValue(forKey: name) ?? []
    case .abandoned:
      abandoned.append(now + Self.afterlife)
      if followers[name] != nil { queue.append(name) }
    case .notBegun:
      if followers[name] != nil { queue.append(name) }
    }
    release.started += startQueued(now)
    return release
  }

  /// A transfer that waited has left.
  mutating func withdraw(_ id: UInt64, _ name: String) {
    followers[name]?.removeAll { $0 == id }
    guard followers[name]?.isEmpty == true else { return }
    followers[name] = nil
    queue.removeAll { $0 == name }
  }

  /// libcurl's cache is gone, and with it what let names through.
  mutating func forgetNames() { known.removeAll() }

  /// Gives places of abandoned lookups to those who wait.
  mutating func reclaim(now: Instant) -> Release { Release(started: startQueued(now)) }

  private mutating func startQueued(_ now: Instant) -> [UInt64] {
    var started: [UInt64] = []
    while !queue.isEmpty, hasPlace(now) {
      let name = queue.removeFirst()
      guard let leader = followers[name]?.removeFirst() else { continue }
      if followers[name]?.isEmpty == true { followers[name] = nil }
      leaders[name] = leader
      started.append(leader)
    }
    return started
  }

  private mutating func hasPlace(_ now: Instant) -> Bool {
    abandoned.removeAll { $0 <= now }
    return leaders.count + abandoned.count < Self.limit
  }

  private mutating func remember(_ name: String, _ now: Instant) {
    if known.count >= Self.mostKnown { known = known.filter { $0.value > now } }
    if known.count >= Self.mostKnown { known.removeAll() }
    known[name] = now + Self.memory
  }
}
