import Synchronization
import TestSupport
import Testing

@testable import Delegation

/// Waiting for a domain that is slow or down, with a token to fall back on and without.
struct TokenWaitTests {
  private static let unreachable = HTTPFailure.unreachable(found: "refused")

  /// A token with so many seconds left.
  private func bench(left seconds: Int64, _ change: (inout Profile) -> Void = { _ in }) async throws -> RenewalBench {
    let bench = try await RenewalBench(change)
    _ = try await bench.token()
    bench.pass(.seconds(3600 - seconds))
    return bench
  }

  /// A domain that answers when the gate opens.
  private func hang(_ bench: RenewalBench) -> (arrived: AsyncGate, gate: AsyncGate) {
    let (arrived, gate) = (AsyncGate(), AsyncGate())
    bench.identityDomain.answers { subject, number in
      arrived.open()
      await gate.wait()
      return ScriptedDomain.grant(subject, number)
    }
    return (arrived, gate)
  }

  /// Time passes, a tenth of a second after the other, while so many sleep: then nobody else does anything.
  ///
  /// One of them looks for idle keys, and one pauses before the next attempt. With a token to fall back on one more waits
  /// for two seconds to pass.
  private func awaiting<Value: Sendable>(
    _ bench: RenewalBench,
    sleepers: Int,
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let isDone = Atomic(false)
    let task = Task {
      defer { isDone.store(true, ordering: .releasing) }
      return try await body()
    }
    while !isDone.load(ordering: .acquiring) {
      await Task.yield()
      if bench.clock.sleeperCount >= sleepers { bench.clock.advance(by: .milliseconds(100)) }
    }
    return try await task.value
  }

  @Test func aSlowDomainIsWaitedForTwoSeconds() async throws {
    let bench = try await bench(left: 30)
    let (arrived, gate) = hang(bench)
    let task = Task { try await bench.token() }
    await arrived.wait()
    // Somebody sleeps for two seconds, beside the one who looks for idle keys.
    await bench.clock.sleepers(atLeast: 2)
    while bench.cache.waiterCount(for: try bench.key()) < 1 { await Task.yield() }
    bench.clock.advance(by: .milliseconds(1999))
    #expect(bench.cache.waiterCount(for: try bench.key()) == 1)
    bench.clock.advance(by: .milliseconds(1))
    let answer = try await task.value
    #expect(answer.source == .cache && (27...28).contains(answer.expiresInSeconds))
    // The exchange has gone on for whoever comes next.
    gate.open()
    await bench.settle()
    #expect(try await bench.token().expiresInSeconds >= 3590)
    #expect(bench.identityDomain.count == 2)
  }

  @Test func anAnswerInTimeIsANewToken() async throws {
    let bench = try await bench(left: 30)
    #expect(try await bench.token().source == .exchange)
    #expect(bench.cache.status.servedStale == 0)
  }

  /// What they get is to be of use to them.
  @Test func whoHasLessTimeWaitsForHalfOfIt() async throws {
    let bench = try await bench(left: 30)
    let (arrived, gate) = hang(bench)
    let task = Task { try await bench.token(within: .seconds(1)) }
    await arrived.wait()
    await bench.clock.sleepers(atLeast: 2)
    bench.clock.advance(by: .milliseconds(500))
    #expect(try await task.value.source == .cache)
    gate.open()
    await bench.settle()
  }

  @Test(
    arguments: [
      { $0.fails(unreachable) }, { $0.fails(.timedOut(phase: .connect, requestSent: false)) }, { $0.answers(503, "") },
      { $0.answers(500, #"{"error":"server_error"}"#) }, { $0.answers(429, "") },
    ] as [@Sendable (ScriptedDomain) -> Void]
  )
  func whatPassesIsBridged(_ fail: @Sendable (ScriptedDomain) -> Void) async throws {
    let bench = try await bench(left: 30)
    fail(bench.identityDomain)
    let begun = bench.clock.now
    let answer = try await awaiting(bench, sleepers: 3) { try await bench.token() }
    #expect(answer.source == .cache)
    #expect(bench.clock.now - begun <= .milliseconds(2500))
    #expect(bench.cache.status.servedStale == 1)
  }

  /// The user may have been disabled, so nobody gets the old one from then on.
  @Test(arguments: ["invalid_grant", "invalid_scope", "unauthorized_client"])
  func aRefusalIsPassedOnAndDropsTheToken(_ error: String) async throws {
    let bench = try await bench(left: 30)
    bench.identityDomain.answers(400, #"{"error":"\#(error)"}"#)
    await #expect(throws: Failure.self) { try await bench.token() }
    #expect(bench.cache.count == 0)
    await #expect(throws: Failure.self) { try await bench.token(minimumSeconds: 0) }
  }

  /// It says nothing of the user.
  @Test(arguments: [true, false]) func aRefusalOfTheClientIsPassedOn(isForced: Bool) async throws {
    let bench = try await bench(left: isForced ? 3000 : 30)
    bench.identityDomain.answers(401, #"{"error":"invalid_client"}"#)
    await #expect(throws: Failure.self) { try await bench.token(forceRefresh: isForced) }
    #expect(try await bench.token(minimumSeconds: 0).source == .cache)
  }

  @Test(arguments: [(30, 31, false), (30, 60, false), (3000, nil, true)] as [(Int64, Int?, Bool)])
  func aDemandIsNotUndercut(left: Int64, minimum: Int?, isForced: Bool) async throws {
    let bench = try await bench(left: left)
    bench.identityDomain.fails(Self.unreachable)
    await #expect(throws: Failure.self) {
      try await awaiting(bench, sleepers: 2) { try await bench.token(minimumSeconds: minimum, forceRefresh: isForced) }
    }
    #expect(bench.cache.status.servedStale == 0)
  }

  @Test func whatIsNearlyDeadIsNotFallenBackOn() async throws {
    let bench = try await bench(left: 5)
    bench.identityDomain.fails(Self.unreachable)
    await #expect(throws: Failure.self) { try await awaiting(bench, sleepers: 2) { try await bench.token() } }
  }

  @Test func neitherIsWhatIsStaleForTooLong() async throws {
    let bench = try await bench(left: 30) { $0.maxStaleSeconds = 600 }
    bench.identityDomain.fails(Self.unreachable)
    await #expect(throws: Failure.self) { try await awaiting(bench, sleepers: 2) { try await bench.token() } }
  }

  /// In the last minute of a token, and the domain is down: each caller would wait, and each would ask it three times.
  @Test func aDomainThatIsDownIsNotAskedByEachCaller() async throws {
    let bench = try await bench(left: 59)
    bench.identityDomain.fails(Self.unreachable)
    _ = try await awaiting(bench, sleepers: 3) { try await bench.token() }
    let (sent, now) = (bench.identityDomain.count, bench.clock.now)
    for _ in 0..<100 { #expect(try await bench.token().source == .cache) }
    #expect(bench.identityDomain.count == sent)
    #expect(bench.clock.now == now, "nobody waits for what failed a moment ago")
  }

  /// The domain is away for the last two minutes of a token, which is used almost to its end.
  @Test func anOutageToTheEndIsBridged() async throws {
    let bench = try await bench(left: 120)
    let key = try bench.key()
    bench.identityDomain.fails(Self.unreachable)
    while bench.cache.token(for: key, .init(minimumSeconds: 5)) != nil {
      let begun = bench.clock.now
      #expect(try await awaiting(bench, sleepers: 3) { try await bench.token() }.source == .cache)
      #expect(bench.clock.now - begun <= .milliseconds(2500))
      bench.pass(.seconds(3))
      await bench.settle()
    }
    #expect((4...16).contains(bench.identityDomain.count))
    await #expect(throws: Failure.self) { try await awaiting(bench, sleepers: 2) { try await bench.token() } }
  }

  @Test func aThousandWhoFallBackCauseOneExchange() async throws {
    let bench = try await bench(left: 30)
    let (arrived, gate) = hang(bench)
    let tasks = (0..<1000).map { _ in Task { try await bench.token() } }
    await arrived.wait()
    while bench.cache.waiterCount(for: try bench.key()) < 1000 { await Task.yield() }
    await bench.clock.sleepers(atLeast: 1001)
    bench.clock.advance(by: .seconds(2))
    for task in tasks { #expect(try await task.value.source == .cache) }
    gate.open()
    await bench.settle()
    #expect(bench.identityDomain.count == 2)
    #expect(try await bench.token().expiresInSeconds >= 3590)
  }

  @Test func whoIsCancelledMeanwhileGetsNothing() async throws {
    let bench = try await bench(left: 30)
    let (arrived, gate) = hang(bench)
    let task = Task { try await bench.token() }
    await arrived.wait()
    task.cancel()
    await #expect(throws: Failure.abandoned) { try await task.value }
    gate.open()
    await bench.settle()
  }

  /// What was begun for nobody is given up at the moment at which somebody comes to wait for it.
  @Test(arguments: [30, 0]) func whoHasJoinedWhatIsGivenUpBeginsAnother(left: Int64) async throws {
    let bench = try await bench(left: left)
    bench.identityDomain.answers { subject, number in
      number == 2 ? .failure(.cancelled(requestSent: false)) : ScriptedDomain.grant(subject, number)
    }
    #expect(try await bench.token().source == .exchange)
    #expect(bench.identityDomain.count == 3)
  }

  /// An assertion is signed when the turn has come, which may be long after the call.
  @Test func nothingIsSignedWhenRulesWereNarrowedBeforeTheTurn() async throws {
    let bench = try await RenewalBench { $0.rateLimit = RateLimit(perSecond: 1, perMinute: 1000) }
    let limiter = try bench.bench.domain.identityDomains.domain(of: Samples.profile()).limiter
    _ = try await bench.token("ap.clerk")
    let task = Task { try await bench.token() }
    while limiter.status.queued == 0 { await Task.yield() }
    bench.policyFile.bytes = Array(#"{"subjects":{"allow":["ap.*"]}}"#.utf8)
    bench.pass(.seconds(1))
    await #expect(throws: Failure.self) { try await task.value }
    #expect(bench.identityDomain.subjects == ["ap.clerk"])
  }

  /// Rules narrowed while a caller waits hold for the token that there was.
  @Test func theOldTokenIsNotHandedOutAgainstNewRules() async throws {
    let bench = try await bench(left: 30)
    let (arrived, gate) = hang(bench)
    let task = Task { try await bench.token() }
    await arrived.wait()
    await bench.clock.sleepers(atLeast: 2)
    bench.policyFile.bytes = Array(#"{"subjects":{"allow":["ap.*"]}}"#.utf8)
    bench.clock.advance(by: .seconds(2))
    await #expect(throws: Failure.self) { try await task.value }
    #expect(bench.cache.count == 0)
    gate.open()
    await bench.settle()
    #expect(bench.cache.count == 0)
  }

  @Test func lockEndsTheWait() async throws {
    let bench = try await bench(left: 30)
    let (arrived, gate) = hang(bench)
    let task = Task { try await bench.token() }
    await arrived.wait()
    while bench.cache.waiterCount(for: try bench.key()) < 1 { await Task.yield() }
    await bench.bench.domain.lock()
    await #expect(throws: Failure.policy(.locked)) { try await task.value }
    gate.open()
  }

  // MARK: Clocks

  @Test func aClockThatIsSetBackKeepsNoDeadToken() async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    bench.clock.advance(by: .seconds(1000))
    bench.bench.wallClock.advance(bySeconds: -7200)
    let answer = try await bench.token()
    #expect(answer.source == .cache)
    #expect(answer.expiresInSeconds == 2600)
    #expect(answer.expiresAt == bench.bench.wallClock.now().advanced(bySeconds: 2600))
    bench.clock.advance(by: .seconds(2600))
    #expect(try await bench.token(minimumSeconds: 0).source == .exchange)
  }

  /// The monotonic clock of a machine that was paused stood still.
  @Test func aPausedMachineKeepsNoDeadToken() async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    bench.bench.wallClock.advance(bySeconds: 1700)
    #expect(try await bench.token().expiresInSeconds == 1900)
    bench.bench.wallClock.advance(bySeconds: 1900)
    #expect(try await bench.token(minimumSeconds: 0).source == .exchange)
  }
}
