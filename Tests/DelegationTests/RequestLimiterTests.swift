import JSON
import Synchronization
import TestSupport
import Testing

@testable import Delegation

struct RequestLimiterTests {
  /// A limiter on a clock that stands, of two a second and four a minute, and who it has served.
  private final class Desk: Sendable {
    let clock = ManualClock()
    let limiter: RequestLimiter
    private let rate = Box(RateLimit(perSecond: 2, perMinute: 4))
    private let log = Mutex<[String]>([])
    /// Turns that are over.
    private let ended = Mutex(0)

    init() { limiter = RequestLimiter(clock: clock) { [rate] in rate.value } }

    var served: [String] { log.withLock(\.self) }

    func change(_ limit: RateLimit) { rate.value = limit }

    /// Asks for a turn, and returns when the request is served or waits for its turn.
    func ask(
      _ name: String,
      _ lane: FairQueue.Lane = .callers(profile: "dev5"),
      within patience: Duration = .seconds(3600),
      answering failure: Failure? = nil,
      tell: @escaping @Sendable (String, JSONValue?) -> Void = { _, _ in }
    ) async -> Task<Failure?, Never> {
      await ask(name, lane, Flight(deadline: clock.now + patience, tell: tell), answering: failure)
    }

    func ask(
      _ name: String,
      _ lane: FairQueue.Lane,
      _ flight: Flight,
      answering failure: Failure? = nil
    ) async -> Task<Failure?, Never> {
      let (before, done) = (limiter.status, Box(false))
      let task = Task { () -> Failure? in
        defer { done.value = true }
        do throws(Failure) {
          try await limiter.taking(lane, flight) { () throws(Failure) in
            log.withLock { $0.append(name) }
            if let failure { throw failure }
          }
          ended.withLock { $0 += 1 }
          return nil
        } catch {
          if let failure, error == failure { ended.withLock { $0 += 1 } }
          return error
        }
      }
      while !done.value, limiter.status.queued == before.queued { await Task.yield() }
      return task
    }

    /// Lets time pass in small steps, and everybody act who can.
    func pass(_ duration: Duration) async {
      for _ in 0..<duration.milliseconds / 50 {
        clock.advance(by: .milliseconds(50))
        while isBusy {
          await Task.yield()
        }
      }
    }

    private var isBusy: Bool {
      let (status, ended) = (limiter.status, ended.withLock { $0 })
      return ended < status.granted || status.queued > 0 && clock.sleeperCount == 0
    }

    func served(atLeast count: Int) async { while served.count < count { await Task.yield() } }
  }

  private final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value {
      get { state.withLock(\.self) }
      set { state.withLock { $0 = newValue } }
    }
  }

  private let desk = Desk()

  private static func refusal(_ status: Int, retryAfterMs: Int?) -> Failure {
    var refusal = TokenFailure.Refusal(
      kind: status == 429 ? .rateLimited : .other,
      status: status,
      clientAuthentication: .clientAssertion
    )
    refusal.retryAfterMs = retryAfterMs
    return .token(.refused(refusal))
  }

  @Test func servesAtOnceWhileThereIsRoomAndThenByTheClock() async {
    for name in ["1", "2", "3", "4", "5"] { _ = await desk.ask(name) }
    #expect(desk.served == ["1", "2"])
    await desk.pass(.milliseconds(950))
    #expect(desk.served == ["1", "2"])
    await desk.pass(.milliseconds(50))
    await desk.served(atLeast: 4)
    await desk.pass(.milliseconds(58_950))
    #expect(desk.served.count == 4)
    await desk.pass(.milliseconds(50))
    await desk.served(atLeast: 5)
    #expect(desk.limiter.status.queued == 0)
  }

  @Test func nothingRunsWhileNobodyWaits() async {
    for name in ["1", "2", "3"] { _ = await desk.ask(name) }
    await desk.clock.sleepers(atLeast: 1)
    #expect(desk.clock.sleeperCount == 1)
    await desk.pass(.seconds(1))
    await desk.served(atLeast: 3)
    #expect(desk.clock.sleeperCount == 0)
  }

  @Test func profilesTakeTurns() async {
    for name in ["1", "2", "3", "4"] { _ = await desk.ask(name, .callers(profile: "batch")) }
    _ = await desk.ask("single", .callers(profile: "single"))
    desk.change(RateLimit(perSecond: 2, perMinute: 100))
    await desk.pass(.seconds(1))
    await desk.served(atLeast: 4)
    #expect(desk.served == ["1", "2", "3", "single"])
  }

  @Test func whoCannotBeServedInTimeIsToldAtOnce() async {
    for name in ["1", "2", "3", "4", "5"] { _ = await desk.ask(name) }
    let late = await desk.ask("late", within: .seconds(59))
    let held = TokenFailure.HeldBack(
      queued: 3,
      limit: RateLimit(perSecond: 2, perMinute: 4),
      retryAfterMs: 60_000,
      isPaused: false
    )
    #expect(await late.value == .token(.heldBack(held)))
    _ = await desk.ask("in time", within: .seconds(61))
    #expect(desk.limiter.status.queued == 4)
  }

  @Test func whoLeavesMakesRoomAtOnce() async {
    for name in ["1", "2"] { _ = await desk.ask(name) }
    let leaver = await desk.ask("3")
    _ = await desk.ask("4")
    leaver.cancel()
    #expect(await leaver.value == .abandoned)
    #expect(desk.limiter.status.queued == 1)
    await desk.pass(.seconds(1))
    await desk.served(atLeast: 3)
    #expect(desk.served == ["1", "2", "4"])
  }

  @Test func aChangedRateCountsForThoseWhoWait() async {
    for name in ["1", "2", "3", "4", "5"] { _ = await desk.ask(name) }
    desk.change(RateLimit(perSecond: 100, perMinute: 100))
    await desk.pass(.seconds(1))
    await desk.served(atLeast: 5)
  }

  @Test func tellsHowFarItIs() async {
    desk.change(RateLimit(perSecond: 1, perMinute: 2))
    let told = Box<[String]>([])
    for name in ["1", "2", "3"] { _ = await desk.ask(name) }
    _ = await desk.ask("4") { message, detail in
      let facts = ["state", "ahead", "estimatedMs"].compactMap {
        detail?[$0].map { String(decoding: $0.serialized(), as: UTF8.self) }
      }
      told.value.append("\(message) \(facts.joined(separator: " "))")
    }
    while told.value.isEmpty { await Task.yield() }
    #expect(told.value == [#"Waiting for its turn at the identity domain, 2 before it. "queued" 2 61000"#])
    await desk.pass(.seconds(5))
    while told.value.count < 2 { await Task.yield() }
    #expect(told.value[1] == #"Waiting for its turn at the identity domain, 1 before it. "queued" 1 56000"#)
    await desk.pass(.seconds(56))
    await desk.served(atLeast: 4)
    while !told.value.contains(where: { $0.hasPrefix("Its turn at the identity domain has come.") }) {
      await Task.yield()
    }
  }

  /// What is begun for whoever will ask.
  private final class Renewal: Sendable {
    let isAwaited = Box(false)
    let deadline: Box<ContinuousClock.Instant>
    private let change = Box<(@Sendable () -> Void)?>(nil)

    init(until deadline: ContinuousClock.Instant) { self.deadline = Box(deadline) }

    var flight: Flight {
      Flight(
        depart: { true },
        stop: { true },
        patience: { self.deadline.value },
        watch: { action in
          if let action { self.change.value = action }
          return self.isAwaited.value
        },
        tell: { _, _ in }
      )
    }

    /// Somebody comes to wait for it.
    func join() {
      isAwaited.value = true
      change.value?()
    }
  }

  private func renewal() -> Renewal { Renewal(until: desk.clock.now + .seconds(3600)) }

  @Test func whatNobodyWaitsForComesLastUntilSomebodyDoes() async {
    let renewals = [renewal(), renewal()]
    desk.change(RateLimit(perSecond: 1, perMinute: 100))
    _ = await desk.ask("1")
    _ = await desk.ask("renewal", .callers(profile: "dev5"), renewals[0].flight)
    _ = await desk.ask("other renewal", .callers(profile: "dev5"), renewals[1].flight)
    for name in ["2", "3"] { _ = await desk.ask(name) }
    await desk.pass(.seconds(1))
    await desk.served(atLeast: 2)
    #expect(desk.served == ["1", "2"])
    renewals[1].join()
    await desk.pass(.seconds(2))
    await desk.served(atLeast: 4)
    #expect(desk.served == ["1", "2", "3", "other renewal"])
    await desk.pass(.seconds(1))
    await desk.served(atLeast: 5)
  }

  /// Else a burst of them would leave those who come then without a turn for the rest of the minute.
  @Test func whatNobodyWaitsForTakesHalfOfAMinuteAtMost() async {
    let renewals = (0..<4).map { _ in renewal() }
    desk.change(RateLimit(perSecond: 100, perMinute: 4))
    var tasks: [Task<Failure?, Never>] = []
    for (number, renewal) in renewals.enumerated() {
      tasks.append(await desk.ask("renewal \(number)", .callers(profile: "dev5"), renewal.flight))
    }
    #expect(desk.served == ["renewal 0", "renewal 1"])
    #expect(await desk.ask("caller", within: .seconds(1)).value == nil)
    renewals[3].join()
    #expect(await tasks[3].value == nil)
    #expect(desk.served == ["renewal 0", "renewal 1", "caller", "renewal 3"])
    await desk.pass(.seconds(60))
    #expect(await tasks[2].value == nil)
  }

  /// Who waits is told by their own deadline that it has passed.
  @Test func onlyWhatNobodyWaitsForIsDroppedAtItsDeadline() async {
    let renewal = renewal()
    desk.change(RateLimit(perSecond: 1, perMinute: 1))
    _ = await desk.ask("1")
    let task = await desk.ask("renewal", .callers(profile: "dev5"), renewal.flight)
    renewal.join()
    renewal.deadline.value = desk.clock.now
    await desk.pass(.seconds(12))
    #expect(desk.limiter.status.queued == 1)
    renewal.isAwaited.value = false
    await desk.pass(.seconds(6))
    #expect(await task.value == .abandoned)
  }

  @Test func a429StopsAllForAsLongAsItSaysAndHalvesTheRate() async {
    desk.change(RateLimit(perSecond: 8, perMinute: 80))
    _ = await desk.ask("1", answering: Self.refusal(429, retryAfterMs: 20_000))
    #expect(desk.limiter.status.share == 0.5)
    #expect(desk.limiter.status.pausedMs == 20_000)
    _ = await desk.ask("2")
    let hasty = await desk.ask("hasty", within: .seconds(19))
    guard case .token(.heldBack(let held))? = await hasty.value else {
      Issue.record("it was not held back")
      return
    }
    #expect(held.isPaused && held.retryAfterMs == 20_000)
    await desk.pass(.milliseconds(19_950))
    #expect(desk.served == ["1"])
    await desk.pass(.milliseconds(50))
    await desk.served(atLeast: 2)
  }

  @Test func aPauseHasAnEnd() async {
    _ = await desk.ask("1", answering: Self.refusal(503, retryAfterMs: 86_400_000))
    #expect(desk.limiter.status.pausedMs == 300_000)
    #expect(desk.limiter.status.share == 1)
  }

  @Test func whatNeverReachedTheDomainTakesNoRoom() async {
    let unreachable = NetworkFailure(
      .identityDomain,
      server: "https://a.example",
      problem: .http(.unreachable(found: "refused"))
    )
    for failure in [Failure.token(.noClientSecret(profile: "dev5")), .network(unreachable)] {
      _ = await desk.ask("1", answering: failure).value
    }
    #expect(desk.limiter.status.lastMinute == 0)
    _ = await desk.ask("2", answering: .abandoned).value
    #expect(desk.limiter.status.lastMinute == 1)
    #expect(desk.limiter.status.granted == 3)
  }

  /// Ten thousand come, and most of them leave: it costs each the same.
  @Test func aLongQueueIsCheap() async {
    desk.change(RateLimit(perSecond: 10, perMinute: 250))
    let began = ContinuousClock.now
    var tasks: [Task<Failure?, Never>] = []
    for number in 0..<10_010 { tasks.append(await desk.ask("\(number)", within: .seconds(7200))) }
    #expect(desk.limiter.status.queued == 10_000)
    guard case .token(.heldBack)? = await desk.ask("one too many", within: .seconds(7200)).value else {
      Issue.record("the queue has no bound")
      return
    }
    for task in tasks.reversed() { task.cancel() }
    for task in tasks.dropFirst(10) { #expect(await task.value == .abandoned) }
    #expect(desk.limiter.status.queued == 0)
    #expect(desk.served.count == 10)
    // Some 0.1 ms for each; a queue that is searched would take minutes.
    #expect(ContinuousClock.now - began < .seconds(20))
  }
}
