import TestSupport
import Testing

@testable import Delegation

struct FairQueueTests {
  private let a = FairQueue.Lane.callers(profile: "a")
  private let b = FairQueue.Lane.callers(profile: "b")
  private let c = FairQueue.Lane.tools

  private func drained(_ queue: FairQueue) -> [Int] {
    var queue = queue
    return Array(sequence(state: ()) { _ in queue.popFirst() })
  }

  @Test func lanesTakeTurnsAndWithinOneTheFirstIsFirst() {
    var queue = FairQueue()
    for (number, lane) in [(1, a), (2, a), (3, a), (4, b), (5, .background), (6, b), (7, c)] {
      queue.append(number, to: lane)
    }
    #expect(drained(queue) == [1, 4, 7, 2, 6, 3, 5])
  }

  @Test func aLaneThatHasHadItsTurnStandsBehindANewOne() {
    var queue = FairQueue()
    for number in 1...3 { queue.append(number, to: a) }
    let first = queue.popFirst()
    #expect(first == 1)
    queue.append(4, to: b)
    #expect(drained(queue) == [2, 4, 3])
  }

  /// Told before it is put there, and held against what comes.
  @Test(arguments: 0..<200) func theNumberAheadIsTheNumberThatComesBefore(seed: Int) {
    var random = SeededRandom(seed)
    var queue = FairQueue()
    let lanes = [a, b, c, .background]
    for number in 0..<random.next(60) {
      let lane = lanes[random.next(4)]
      queue.append(number, to: lane)
      if random.next(3) == 0 { _ = queue.popFirst() }
      if random.next(3) == 0 { queue.remove(random.next(number + 1)) }
    }
    let lane = lanes[random.next(4)]
    let ahead = queue.ahead(of: lane)
    queue.append(-1, to: lane)
    #expect(drained(queue).firstIndex(of: -1) == ahead)
  }

  @Test func whoHasLeftIsPassedOver() {
    var queue = FairQueue()
    for number in 1...5 { queue.append(number, to: a) }
    queue.append(6, to: b)
    let removed = [1, 3, 6, 6].map { queue.remove($0) }
    #expect(removed == [true, true, true, false])
    #expect(queue.count == 3)
    #expect(drained(queue) == [2, 4, 5])
  }

  @Test func comingAndGoingLeavesNothingBehind() {
    var queue = FairQueue()
    for number in 0..<100_000 {
      queue.append(number, to: a)
      if number >= 10 { queue.remove(number - 10) }
    }
    #expect(queue.count == 10)
    #expect(drained(queue) == Array(99_990..<100_000))
  }
}
