import JSON
import Synchronization
import TestSupport
import Testing

@testable import Delegation

struct TokenCacheTests {
  private let key = TokenCache.Key(profile: "dev5", subject: Array("curtis.feitty".utf8), scope: "s", identity: [1])

  private func token(_ text: String, seconds: Int64 = 3600) -> AccessToken {
    AccessToken(text: text, scope: "s", subject: "curtis.feitty", expiresAt: UnixTime(seconds: 1_700_000_000 + seconds))
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
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock())
    let gate = Gate()
    let key = key
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<1000 {
        group.addTask {
          try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in await gate.exchange() }.text
        }
      }
      while cache.waiterCount(for: key) < 1000 { await Task.yield() }
      gate.open(.success(token("one")))
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(texts == ["one"])
    #expect(gate.begun == 1)
    #expect(cache.token(for: key, minimumSeconds: 60)?.text == "one")
  }

  @Test func oneMayLeaveAndTheOthersStay() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock())
    let gate = Gate()
    let key = key
    let leaver = Task {
      try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in await gate.exchange() }
    }
    let stayer = Task {
      try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in await gate.exchange() }
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
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock())
    let gate = Gate()
    let key = key
    let earlier = Task {
      try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in await gate.exchange() }
    }
    // Begun, and not only waited for: what begins later finds the newer token.
    while gate.begun < 1 { await Task.yield() }
    cache.removeAll()
    let token = token("new")
    #expect(
      try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in .success(token) }.text == "new"
    )
    gate.open(.success(self.token("old")))
    #expect(try await earlier.value.text == "old")
    #expect(cache.token(for: key, minimumSeconds: 60)?.text == "new")
  }

  @Test func whoWaitsWhenItIsLockedIsRefusedAtOnce() async throws {
    let lockdown = Lockdown()
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock(), lockdown: lockdown)
    let gate = Gate()
    let key = key
    let waiting = Task {
      try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in await gate.exchange() }
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
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock(), lockdown: lockdown)
    let gate = Gate()
    let key = key
    let waiting = Task {
      try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in await gate.exchange() }
    }
    while cache.waiterCount(for: key) < 1 { await Task.yield() }
    await lockdown.close()
    gate.open(.success(token("late")))
    await #expect(throws: Failure.policy(.locked)) { try await waiting.value }
    #expect(cache.count == 0)
  }

  @Test func onlyWhatIsGoneIsDropped() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock())
    let other = TokenCache.Key(profile: "other", subject: key.subject, scope: "s", identity: [1])
    let tokens = (token("one"), token("two"))
    _ = try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in .success(tokens.0) }
    _ = try await cache.exchanged(other, minimumSeconds: 60, for: RecordingCaller()) { _ in .success(tokens.1) }
    cache.removeAll { $0.profile == "other" }
    #expect(cache.token(for: key, minimumSeconds: 60) != nil)
    #expect(cache.token(for: other, minimumSeconds: 60) == nil)
  }

  @Test func whoIsCancelledBeforeWaitingStartsNothing() async {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock())
    let gate = Gate()
    let key = key
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in await gate.exchange() }
    }
    await #expect(throws: Failure.abandoned) { try await task.value }
    #expect(gate.begun == 0)
  }

  @Test func aFailureIsToldToAllAndNotKept() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock())
    let failure = Failure.token(.noClientSecret(profile: "dev5"))
    await #expect(throws: failure) {
      try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in .failure(failure) }
    }
    let token = token("next")
    #expect(
      try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in .success(token) }.text == "next"
    )
  }

  @Test func aTokenThatLivesTooShortIsNotGivenOut() async throws {
    let clock = FixedWallClock()
    let cache = TokenCache(wallClock: clock, clock: ManualClock())
    let token = token("one", seconds: 100)
    _ = try await cache.exchanged(key, minimumSeconds: 60, for: RecordingCaller()) { _ in .success(token) }
    #expect(cache.token(for: key, minimumSeconds: 60) != nil)
    #expect(cache.token(for: key, minimumSeconds: 100) == nil)
    clock.advance(bySeconds: 41)
    #expect(cache.token(for: key, minimumSeconds: 60) == nil)
    #expect(cache.token(for: key, minimumSeconds: 58) != nil)
  }

  @Test func staysWithinItsBound() async throws {
    let cache = TokenCache(wallClock: FixedWallClock(), clock: ManualClock(), maximumEntries: 3)
    for index in 0..<10 {
      let key = TokenCache.Key(profile: "dev5", subject: [UInt8(index)], scope: "s", identity: [1])
      let token = token("t\(index)", seconds: Int64(100 + index))
      _ = try await cache.exchanged(key, minimumSeconds: 0, for: RecordingCaller()) { _ in .success(token) }
      #expect(cache.count <= 3)
    }
    let last = TokenCache.Key(profile: "dev5", subject: [9], scope: "s", identity: [1])
    #expect(cache.token(for: last, minimumSeconds: 0)?.text == "t9")
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
