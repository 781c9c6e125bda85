import Testing

@testable import CurlHTTP

@Suite struct LookupGateTests {
  private let start = ContinuousClock.now

  @Test func oneLeadsAndTheOthersFollow() {
    var gate = LookupGate()
    #expect(gate.enter(1, "a", now: start) == true)
    #expect(gate.enter(2, "a", now: start) == false)
    #expect(gate.enter(3, "a", now: start) == false)
    #expect(gate.end(2, "a", .found, now: start) == .init(), "only the leader decides")
    #expect(gate.end(1, "a", .found, now: start) == .init(started: [2, 3]))
    #expect(gate.enter(4, "a", now: start) == true, "the name is known")
    #expect(!gate.leaders.keys.contains("a"))
    #expect(gate.enter(5, "a", now: start + LookupGate.memory) == true, "it leads again")
    #expect(gate.leaders == ["a": 5])
  }

  /// Else each of many looks would start a lookup of its own, however many hang.
  @Test func aNameThatIsForgottenIsLookedUpByOneAgain() {
    var gate = LookupGate()
    _ = gate.enter(1, "a", now: start)
    _ = gate.end(1, "a", .found, now: start)
    gate.forgetNames()
    #expect(gate.enter(2, "a", now: start) == true)
    #expect(gate.leaders == ["a": 2])
    #expect(gate.enter(3, "a", now: start) == false)
  }

  @Test func aFailureIsTheAnswerToAllWhoAsked() {
    var gate = LookupGate()
    _ = gate.enter(1, "a", now: start)
    _ = gate.enter(2, "a", now: start)
    #expect(gate.end(1, "a", .failed, now: start) == .init(failed: [2]))
    #expect(gate.enter(3, "a", now: start) == true, "the next one asks again")
  }

  @Test func whatNeverBeganHoldsNoPlace() {
    var gate = LookupGate()
    for id in 0..<UInt64(LookupGate.limit) {
      _ = gate.enter(id, "host\(id)", now: start)
      _ = gate.end(id, "host\(id)", .notBegun, now: start)
    }
    #expect(gate.enter(1000, "x", now: start) == true)
  }

  @Test func whoLeavesHandsTheLeadOver() {
    var gate = LookupGate()
    _ = gate.enter(1, "a", now: start)
    _ = gate.enter(2, "a", now: start)
    _ = gate.enter(3, "a", now: start)
    gate.withdraw(2, "a")
    #expect(gate.end(1, "a", .abandoned, now: start) == .init(started: [3]))
    #expect(gate.leaders == ["a": 3])
  }

  @Test func thereAreNeverMoreLookupsThanTheLimit() {
    var gate = LookupGate()
    let limit = UInt64(LookupGate.limit)
    for id in 0..<limit { #expect(gate.enter(id, "host\(id)", now: start) == true) }
    #expect(gate.enter(1000, "x", now: start) == false)
    #expect(gate.enter(1001, "y", now: start) == false)
    #expect(gate.enter(1002, "x", now: start) == false)
    gate.withdraw(1001, "y")
    #expect(gate.end(0, "host0", .found, now: start) == .init(started: [1000]))
    #expect(gate.end(1000, "x", .found, now: start) == .init(started: [1002]))
  }

  @Test func anAbandonedLookupKeepsItsPlaceForAWhile() {
    var gate = LookupGate()
    for id in 0..<UInt64(LookupGate.limit) {
      _ = gate.enter(id, "host\(id)", now: start)
      _ = gate.end(id, "host\(id)", .abandoned, now: start)
    }
    #expect(gate.enter(1000, "x", now: start) == false)
    #expect(gate.nextReclaim == start + LookupGate.afterlife)
    #expect(gate.reclaim(now: start) == .init())
    #expect(gate.reclaim(now: start + LookupGate.afterlife) == .init(started: [1000]))
    #expect(gate.nextReclaim == nil)
  }
}
