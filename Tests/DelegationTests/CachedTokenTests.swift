import Synchronization
import TestSupport
import Testing

@testable import Delegation

/// The states of a token in memory, by both clocks.
struct CachedTokenTests {
  private static let start = ClockSetting(UnixTime(seconds: 1_700_000_000), at: .now)

  /// So many seconds later, by each clock.
  private static func clocks(_ monotonic: Int64, wall: Int64) -> ClockSetting {
    ClockSetting(start.time.advanced(bySeconds: wall), at: start.instant + .seconds(monotonic))
  }

  private func token(_ seconds: Int64 = 3600) -> AccessToken {
    AccessToken(text: "t", scope: "s", subject: "a", lifeSeconds: seconds, came: Self.start)
  }

  /// Without chance: renewed with half of its life left.
  private func cached(_ seconds: Int64 = 3600) -> CachedToken { CachedToken(token(seconds), margin: seconds * 500) }

  @Test(
    arguments: [
      (0, nil, .fresh), (1799, nil, .fresh), (1800, nil, .stale), (3599, nil, .stale), (3600, nil, .invalid),
      (1799, 0, .fresh), (1800, 0, .invalid), (1800, 600, .stale), (2399, 600, .stale), (2400, 600, .invalid),
      (3599, 86_400, .stale), (3600, 86_400, .invalid),
    ] as [(Int64, Int?, CachedToken.State)]
  )
  func isFreshThenStaleThenInvalid(age: Int64, maximum: Int?, state: CachedToken.State) {
    #expect(cached().state(left: token().left(at: Self.clocks(age, wall: age)), maximumStaleSeconds: maximum) == state)
  }

  /// What each clock says has passed, and what is left.
  @Test(
    arguments: [
      (10, 10, 3590),
      // Set back: the monotonic clock knows.
      (10, -7200, 3590), (3600, -7200, 0), (4000, 10, -400),
      // Set forward, or the machine was paused and the monotonic clock stood still.
      (10, 3600, 0), (10, 4000, -400), (0, 1800, 1800),
    ] as [(Int64, Int64, Int64)]
  )
  func livesWhileBothClocksSaySo(monotonic: Int64, wall: Int64, left: Int64) {
    #expect(token().left(at: Self.clocks(monotonic, wall: wall)) == left * 1000)
  }

  /// The end that is told is right by the clock as it is set when it is told.
  @Test(
    arguments: [
      (0, 0, 3600), (10, 10, 3600), (10, -7190, -3600), (100, 99, 3600), (100, 98, 3598), (10, 1000, 3600),
    ] as [(Int64, Int64, Int64)]
  )
  func tellsItsEndByTheClockOfNow(monotonic: Int64, wall: Int64, end: Int64) {
    #expect(token().end(at: Self.clocks(monotonic, wall: wall)) == Self.start.time.advanced(bySeconds: end))
  }

  // MARK: Renewal

  private let schedule = RenewalSchedule(random: CountingRandomness())

  @Test func tokensFetchedTogetherAreNotRenewedTogether() {
    let schedule = RenewalSchedule(random: SeededBytes(7))
    let margins = (0..<10_000).map { _ in schedule.margin(of: token()) }
    #expect(margins.allSatisfy { (1_620_000...1_980_000).contains($0) })
    // A tenth of them in each tenth of the six minutes, give or take a fifth of it.
    let tenths = Dictionary(grouping: margins) { min(9, ($0 - 1_620_000) / 36_000) }.mapValues(\.count)
    #expect(tenths.count == 10)
    #expect(tenths.values.allSatisfy { (800...1200).contains($0) })
  }

  @Test(arguments: [
    (1, 7_500...12_500), (2, 15_000...25_000), (3, 30_000...50_000), (4, 45_000...75_000), (99, 45_000...75_000),
  ])
  func restsLongerAfterEachFailure(failures: Int, milliseconds: ClosedRange<Int>) {
    for _ in 0..<300 { #expect(milliseconds.contains(schedule.rest(after: failures).milliseconds)) }
  }

  @Test(arguments: [(45, 45), (1, 7), (86_400, 300)]) func restsAsLongAsTheDomainAsks(asked: Int, atLeast: Int) {
    var refusal = TokenFailure.Refusal(kind: .rateLimited, status: 429, clientAuthentication: .clientAssertion)
    refusal.retryAfterMs = asked * 1000
    let rest = schedule.rest(after: 1, .token(.refused(refusal)))
    #expect(rest >= .seconds(atLeast) && rest <= max(.seconds(atLeast), .milliseconds(12_500)))
  }

  @Test func oneCallerInAWhileRenewsIt() {
    var cached = cached()
    // However the first ended, or if it never does.
    let claims = [0, 7, 13].map { cached.claimRenewal(at: Self.start.instant + .seconds($0), schedule) }
    #expect(claims == [true, false, true])
  }

  @Test func itIsKnownForHowLongTheDomainIsLeftAlone() {
    var cached = cached()
    let begin = Self.start.instant
    #expect(!cached.isInOutage(at: begin))
    let unreachable = NetworkFailure(.identityDomain, server: "", problem: .http(.unreachable(found: "")))
    cached.failed(.network(unreachable), at: begin, schedule)
    #expect(cached.isInOutage(at: begin + .seconds(7)))
    #expect(!cached.isInOutage(at: begin + .seconds(13)))
    cached.failed(.token(.noClientSecret(profile: "dev5")), at: begin, schedule)
    #expect(!cached.isInOutage(at: begin + .seconds(7)))
    let isDue = cached.claimRenewal(at: begin + .seconds(14), schedule)
    #expect(!isDue)
  }
}

/// Random bytes that are the same for the same seed.
final class SeededBytes: Randomness {
  private let random: Mutex<SeededRandom>

  init(_ seed: Int) { random = Mutex(SeededRandom(seed)) }

  func bytes(_ count: Int) -> [UInt8] { random.withLock { random in (0..<count).map { _ in UInt8(random.next(256)) } } }
}
