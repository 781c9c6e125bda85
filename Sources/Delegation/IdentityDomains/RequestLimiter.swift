/// Keeps the requests to one identity domain's token endpoint within a rate.
package final class RequestLimiter: Sendable {
  private let clock: any MonotonicClock
  private let rate: @Sendable () -> RateLimit

  package init(clock: any MonotonicClock, rate: @escaping @Sendable () -> RateLimit) {
    self.clock = clock
    self.rate = rate
  }

  /// Returns when it is this flight's turn, which has departed then.
  ///
  /// - Throws: `.abandoned` when nobody waits for it any more.
  func turn(for profile: String, _ flight: Flight) async throws(Failure) { try flight.depart() }
}
