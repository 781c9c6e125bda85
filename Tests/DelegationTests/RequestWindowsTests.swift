import TestSupport
import Testing

@testable import Delegation

struct RequestWindowsTests {
  private let start = ContinuousClock.now
  private let limit = RateLimit(perSecond: 3, perMinute: 5)

  private func opening(_ windows: RequestWindows, after milliseconds: Int) -> ContinuousClock.Instant? {
    var windows = windows
    return windows.opening(limit, at: start + .milliseconds(milliseconds))
  }

  private func count(_ windows: RequestWindows, after seconds: Int) -> Int {
    var windows = windows
    return windows.count(at: start + .seconds(seconds))
  }

  @Test func aSecondAndAMinuteAreFullWhenTheyAre() {
    var windows = RequestWindows()
    for number in 0..<3 {
      #expect(opening(windows, after: 0) == nil)
      windows.begin(number, at: start)
      windows.end(number, at: start + .milliseconds(number))
    }
    #expect(opening(windows, after: 2) == start + .seconds(1))
    #expect(opening(windows, after: 1000) == nil)
    for number in 3..<5 {
      windows.begin(number, at: start + .seconds(2))
      windows.end(number, at: start + .seconds(2))
    }
    #expect(opening(windows, after: 2000) == start + .seconds(60))
    #expect(count(windows, after: 2) == 5)
    #expect(opening(windows, after: 60000) == nil)
    #expect(count(windows, after: 60) == 4)
  }

  @Test func aRequestCountsUntilASecondAfterItsAnswer() {
    var windows = RequestWindows()
    for number in 0..<3 { windows.begin(number, at: start) }
    // Nobody has answered: by two seconds all will have arrived.
    #expect(opening(windows, after: 0) == start + .seconds(3))
    windows.end(1, at: start + .milliseconds(700))
    #expect(opening(windows, after: 700) == start + .milliseconds(1700))
  }

  @Test func whatWasNeverSentCountsNowhere() {
    var windows = RequestWindows()
    for number in 0..<3 { windows.begin(number, at: start) }
    windows.withdraw(2)
    #expect(opening(windows, after: 0) == nil)
  }

  /// The promise: whenever each arrives between its turn and its answer, the domain never counts too many.
  @Test(arguments: 0..<100) func noWindowOfTheDomainIsEverOverfull(seed: Int) {
    var random = SeededRandom(seed)
    let limit = RateLimit(perSecond: 1 + random.next(8), perMinute: 1 + random.next(60))
    var (windows, now, arrivals) = (RequestWindows(), start, [ContinuousClock.Instant]())
    var ends: [(number: Int, at: ContinuousClock.Instant)] = []
    for number in 0..<300 {
      // Answers come in whatever order.
      while let opening = windows.opening(limit, at: now) {
        let next = ends.min { $0.at < $1.at }
        guard let next, next.at <= opening else {
          now = opening
          continue
        }
        now = max(now, next.at)
        windows.end(next.number, at: now)
        ends.removeAll { $0.number == next.number }
      }
      windows.begin(number, at: now)
      let answer = random.next(2000)
      arrivals.append(now + .milliseconds(random.next(answer + 1)))
      ends.append((number, now + .milliseconds(answer)))
      if random.next(4) == 0 { now += .milliseconds(random.next(500)) }
    }
    arrivals.sort()
    for (window, most) in [(Duration.seconds(1), limit.perSecond), (.seconds(60), limit.perMinute)] {
      for index in arrivals.indices.dropFirst(most) {
        #expect(arrivals[index] - arrivals[index - most] >= window)
      }
    }
  }

  /// The short way to a turn far away is held against going there step by step.
  @Test(arguments: 0..<100) func theTurnThatIsForetoldIsTheOneThatComes(seed: Int) {
    var random = SeededRandom(seed)
    let limit = RateLimit(perSecond: 1 + random.next(10), perMinute: 1 + random.next(50))
    var (windows, now) = (RequestWindows(), start)
    for number in 0..<random.next(120) {
      while let opening = windows.opening(limit, at: now) { now = opening }
      windows.begin(number, at: now)
      windows.end(number, at: now)
      now += .milliseconds(random.next(300))
    }
    var (stepping, at) = (windows, now)
    for ahead in 0..<200 {
      while let opening = stepping.opening(limit, at: at) { at = opening }
      let turn = windows.turn(after: ahead, limit, from: now, at: now)
      #expect(turn == at)
      stepping.begin(ahead, at: at)
      stepping.end(ahead, at: at)
    }
  }
}
