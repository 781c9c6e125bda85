/// When another request may be sent, so that the domain never counts more than the limit in any second and any minute.
///
/// Nobody here knows when a request reaches the domain, but it is between its sending and its answer. So a request
/// counts from its turn until a second, or a minute, after its answer: then no window of the domain, wherever it begins,
/// holds more than the limit, however long each one was on its way. An answer that takes longer than `longestWay` holds
/// up nobody: the request itself is taken to have arrived by then.
struct RequestWindows: Sendable {
  typealias Instant = ContinuousClock.Instant

  static let second: Duration = .seconds(1)
  static let minute: Duration = .seconds(60)
  static let longestWay: Duration = .seconds(2)

  /// In the order they began.
  private var underway: [(number: Int, began: Instant)] = []
  /// When those ended that still count, in order: from `first` on.
  private var ended: [Instant] = []
  private var first = 0

  /// How many count in the window of a minute.
  mutating func count(at now: Instant) -> Int {
    settle(now)
    return ended.count - first + underway.count
  }

  mutating func begin(_ number: Int, at now: Instant) {
    settle(now)
    underway.append((number, now))
  }

  mutating func end(_ number: Int, at now: Instant) {
    settle(now)
    guard let index = underway.firstIndex(where: { $0.number == number }) else { return }
    underway.remove(at: index)
    ended.append(now)
  }

  /// It was never sent.
  mutating func withdraw(_ number: Int) { underway.removeAll { $0.number == number } }

  /// When the next may begin; at the latest, for an answer that comes sooner opens it sooner. Nil is at once.
  mutating func opening(_ limit: RateLimit, at now: Instant) -> Instant? {
    settle(now)
    let openings = [
      end(before: limit.perSecond).map { $0 + Self.second }, end(before: limit.perMinute).map { $0 + Self.minute },
    ]
    return openings.compactMap(\.self).filter { $0 > now }.max()
  }

  /// When a turn comes that so many others have before it, if every answer comes at once.
  ///
  /// - Parameter start: no turn is before it.
  mutating func turn(after ahead: Int, _ limit: RateLimit, from start: Instant, at now: Instant) -> Instant {
    settle(now)
    // The n-th turn is a second after the one that is `perSecond` before it, and a minute after the one that is
    // `perMinute` before it, so it is the longest way back in such steps: to the start, or to an earlier request.
    var latest = start
    var place = ahead
    var minutes = Duration.zero
    while place >= 0 {
      let seconds = place / limit.perSecond
      latest = max(latest, start + minutes + Self.second * seconds)
      let behind = (seconds + 1) * limit.perSecond - place
      if let end = end(before: behind, underwayEndAt: now) {
        latest = max(latest, end + minutes + Self.second * (seconds + 1))
      }
      place -= limit.perMinute
      minutes += Self.minute
    }
    if let end = end(before: -place, underwayEndAt: now) { latest = max(latest, end + minutes) }
    return latest
  }

  /// The end of the request that is so many before the next one.
  private func end(before distance: Int, underwayEndAt assumed: Instant? = nil) -> Instant? {
    guard distance > underway.count else {
      return assumed ?? underway[underway.count - distance].began + Self.longestWay
    }
    let index = ended.count + underway.count - distance
    return index >= first ? ended[index] : nil
  }

  /// Ends what has been under way for too long, and forgets what counts no more.
  private mutating func settle(_ now: Instant) {
    while let oldest = underway.first, oldest.began + Self.longestWay <= now {
      underway.removeFirst()
      ended.append(oldest.began + Self.longestWay)
    }
    while first < ended.count, ended[first] + Self.minute <= now { first += 1 }
    if first > 64, first * 2 > ended.count {
      ended.removeFirst(first)
      first = 0
    }
  }
}
