/// The time at an identity domain.
package final class DomainClock: Sendable {
  private let wallClock: any WallClock
  private let clock: any MonotonicClock

  package init(wallClock: any WallClock, clock: any MonotonicClock) {
    self.wallClock = wallClock
    self.clock = clock
  }

  /// What assertions are dated by.
  package func now() throws(Failure) -> UnixTime { wallClock.now() }
}
