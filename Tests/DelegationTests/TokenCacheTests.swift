import JSON
import Synchronization
import TestSupport
import Testing

@testable import Delegation

struct TokenCacheTests {
  private let key = TokenCache.Key(profile: "dev5", subject: Array("curtis.feitty".utf8), scope: "s", identity: [1])

  private let clock = ManualClock()

  private func token(_ text: String, seconds: Int64 = 3600) -> AccessToken {
    AccessToken(
      text: text,
      scope: "s",
      subject: "curtis.feitty",
      lifeSeconds: seconds,
      came: ClockSetting(FixedWallClock().now(), at: clock.now)
    )
  }

  /// An exchange that a test lets go when it likes, and that counts how often it was begun.
  private final class Gate: Sendable {
    private struct State {
      var begun = 0
      var outcome: TokenCache.Outcome?
      var waiting: [CheckedContinuation<TokenCache.Outcome, Never>] = []
    }

    private let state = Mutex(State())
    var begun: Int { state.withLock(\.begun) }

    func exchange() async -> TokenCache.Outcome {
      await withCheckedContinuation { continuation in
        let outcome = state.withLock { state in
          state.begun += 1
          if state.outcome == nil { state.waiting.append(continuation) }
          return state.outcome
        }
        if let outcome { continuation.resume(returning: outcome) }
      }
    }

    func open(_ outcome: TokenCache.Outcome) {
      let waiting = state.withLock { state in
        state.outcome = outcome
        return state.waiting
      }
      for continuation in waiting { continuation.resume(returning: outcome) }
    }
  }

  @Test func aThousandCallersShareOneExchange() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness())
    let gate = Gate()
    let key = key
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<1000 {
        group.addTask {
          try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in await gate.exchange()
          }.text
        }
      }
      while cache.waiterCount(for: key) < 1000 { await Task.yield() }
      gate.open(.success(token("one")))
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(texts == ["one"])
    #expect(gate.begun == 1)
    #expect(cache.token(for: key, .init(minimumSeconds: 60))?.text == "one")
  }

  @Test func oneMayLeaveAndTheOthersStay() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness())
    let gate = Gate()
    let key = key
    let leaver = Task {
      try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in await gate.exchange() }
    }
    let stayer = Task {
      try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in await gate.exchange() }
    }
    while cache.waiterCount(for: key) < 2 { await Task.yield() }
    leaver.cancel()
    await #expect(throws: Failure.abandoned) { try await leaver.value }
    gate.open(.success(token("one")))
    #expect(try await stayer.value.text == "one")
    #expect(gate.begun == 1)
  }

  /// What was begun with a key or a secret that has gone since is given to who asked then, and to nobody later.
  @Test func whatWasUnderWayWhenAllWasDroppedIsNotKept() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness())
    let gate = Gate()
    let key = key
    let earlier = Task {
      try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in await gate.exchange() }
    }
    // Begun, and not only waited for: what begins later finds the newer token.
    while gate.begun < 1 { await Task.yield() }
    cache.removeAll()
    let token = token("new")
    #expect(
      try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in .success(token) }.text
        == "new"
    )
    gate.open(.success(self.token("old")))
    #expect(try await earlier.value.text == "old")
    #expect(cache.token(for: key, .init(minimumSeconds: 60))?.text == "new")
  }

  @Test func whoWaitsWhenItIsLockedIsRefusedAtOnce() async throws {
    let lockdown = Lockdown()
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness(), lockdown: lockdown)
    let gate = Gate()
    let key = key
    let waiting = Task {
      try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in await gate.exchange() }
    }
    while cache.waiterCount(for: key) < 1 { await Task.yield() }
    await lockdown.close()
    cache.lock()
    await #expect(throws: Failure.policy(.locked)) { try await waiting.value }
    gate.open(.success(token("late")))
    #expect(cache.count == 0)
  }

  /// The exchange ends between the two steps of locking: its token is not kept, and not handed out.
  @Test func whatComesInWhileItIsLockedIsThrownAway() async throws {
    let lockdown = Lockdown()
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness(), lockdown: lockdown)
    let gate = Gate()
    let key = key
    let waiting = Task {
      try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in await gate.exchange() }
    }
    while cache.waiterCount(for: key) < 1 { await Task.yield() }
    await lockdown.close()
    gate.open(.success(token("late")))
    await #expect(throws: Failure.policy(.locked)) { try await waiting.value }
    #expect(cache.count == 0)
  }

  @Test func onlyWhatIsGoneIsDropped() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness())
    let other = TokenCache.Key(profile: "other", subject: key.subject, scope: "s", identity: [1])
    let tokens = (token("one"), token("two"))
    _ = try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in .success(tokens.0) }
    _ = try await cache.exchanged(other, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in .success(tokens.1) }
    cache.removeAll { $0.profile == "other" }
    #expect(cache.token(for: key, .init(minimumSeconds: 60)) != nil)
    #expect(cache.token(for: other, .init(minimumSeconds: 60)) == nil)
  }

  @Test func whoIsCancelledBeforeWaitingStartsNothing() async {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness())
    let gate = Gate()
    let key = key
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in
        await gate.exchange()
      }
    }
    await #expect(throws: Failure.abandoned) { try await task.value }
    #expect(gate.begun == 0)
  }

  @Test func aFailureIsToldToAllAndNotKept() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness())
    let failure = Failure.token(.noClientSecret(profile: "dev5"))
    await #expect(throws: failure) {
      try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in .failure(failure) }
    }
    let token = token("next")
    #expect(
      try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in .success(token) }.text
        == "next"
    )
  }

  @Test func aTokenThatLivesTooShortIsNotGivenOut() async throws {
    let wallClock = FixedWallClock()
    let cache = TokenCache(wallClock: wallClock, clock: clock, random: CountingRandomness())
    let token = token("one", seconds: 100)
    _ = try await cache.exchanged(key, .init(minimumSeconds: 60), for: RecordingCaller()) { _ in .success(token) }
    #expect(cache.token(for: key, .init(minimumSeconds: 60)) != nil)
    #expect(cache.token(for: key, .init(minimumSeconds: 100)) == nil)
    wallClock.advance(bySeconds: 41)
    #expect(cache.token(for: key, .init(minimumSeconds: 60)) == nil)
    #expect(cache.token(for: key, .init(minimumSeconds: 58)) != nil)
  }

  private func key(_ subject: UInt8) -> TokenCache.Key {
    TokenCache.Key(profile: "dev5", subject: [subject], scope: "s", identity: [1])
  }

  private func fill(_ cache: TokenCache, _ subject: UInt8, seconds: Int64 = 3600) async throws {
    let token = token("t\(subject)", seconds: seconds)
    _ = try await cache.exchanged(key(subject), nil, for: RecordingCaller()) { _ in .success(token) }
  }

  private func subjects(_ cache: TokenCache) -> [UInt8] { (0..<10).filter { cache.token(for: key($0)) != nil } }

  @Test func theOneUsedLongestAgoMakesRoom() async throws {
    let cache = TokenCache(
      wallClock: FixedWallClock(),
      clock: clock,
      random: CountingRandomness(),
      maximumEntries: 3
    )
    // The one in use is the first to end.
    for subject in 0..<3 { try await fill(cache, UInt8(subject), seconds: 100 + Int64(subject)) }
    #expect(cache.hit(key(0), .init(minimumSeconds: 0), at: cache.now) != nil)
    // A look is no use, and neither is a token that does not live long enough.
    #expect(cache.token(for: key(1)) != nil && cache.hit(key(1), .init(minimumSeconds: 1000), at: cache.now) == nil)
    try await fill(cache, 3)
    #expect(subjects(cache) == [0, 2, 3])
    try await fill(cache, 4)
    #expect(subjects(cache) == [0, 3, 4])
    // One that is there already needs no room.
    try await fill(cache, 0)
    #expect(subjects(cache) == [0, 3, 4])
    #expect(cache.status.evicted == 2)
  }

  @Test func whatHasEndedMakesRoomFirst() async throws {
    let wallClock = FixedWallClock()
    let cache = TokenCache(wallClock: wallClock, clock: clock, random: CountingRandomness(), maximumEntries: 3)
    for (subject, seconds) in [(0, 3600), (1, 10), (2, 20)] {
      try await fill(cache, UInt8(subject), seconds: Int64(seconds))
    }
    clock.advance(by: .seconds(15))
    wallClock.advance(bySeconds: 15)
    #expect(cache.count == 3)
    try await fill(cache, 3)
    #expect(subjects(cache) == [0, 2, 3])
    clock.advance(by: .seconds(5))
    try await fill(cache, 4)
    #expect(subjects(cache) == [0, 3, 4])
    try await fill(cache, 5)
    #expect(subjects(cache) == [3, 4, 5])
  }

  @Test func staysWithinItsBound() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: clock, random: CountingRandomness(), maximumEntries: 3)
    for subject in 0..<10 {
      try await fill(cache, UInt8(subject), seconds: Int64(100 + subject))
      #expect(cache.count <= 3)
    }
    #expect(cache.token(for: key(9))?.text == "t9")
  }

  /// Whatever the domain could tell apart is told apart here.
  @Test func everyFieldOfTheProfileMakesAnotherToken() async throws {
    let bench = try await Bench()
    let base = try Samples.profile()
    let changes: [@Sendable (inout Profile) -> Void] = [
      { $0.identityDomainUrl = "https://other.example" }, { $0.clientId = "client-2" }, { $0.key = "other" },
      { $0.clientAuthentication = .clientSecretBasic }, { $0.audience = ["a"] }, { $0.tenantName = "t" },
      { $0.kid = "k" }, { $0.subjectClaim = "user_name" },
    ]
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    let request = TokenService.Request(try bench.permit(profile: base))
    _ = try await bench.tokens.token(request, for: RecordingCaller())
    #expect(try bench.tokens.cached(request) != nil)
    for change in changes {
      var other = base
      change(&other)
      #expect(try bench.tokens.cached(TokenService.Request(bench.permit(profile: other))) == nil)
    }
    let userToken = try bench.permit(userToken: Samples.token(["sub": "curtis.feitty"]), profile: base)
    #expect(try bench.tokens.cached(TokenService.Request(userToken)) == nil)
  }
}
