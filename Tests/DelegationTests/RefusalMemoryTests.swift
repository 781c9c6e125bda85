import TestSupport
import Testing

@testable import Delegation

struct RefusalMemoryTests {
  private func key(_ subject: String, identity: UInt8 = 1) -> TokenCache.Key {
    TokenCache.Key(profile: "dev5", subject: Array(subject.utf8), scope: "s", identity: [identity])
  }

  private func refusal(_ kind: TokenFailure.Refusal.Kind, _ status: Int = 400) -> TokenCache.Outcome {
    .failure(.token(.refused(.init(kind: kind, status: status, clientAuthentication: .clientAssertion))))
  }

  private func isRemembered(_ memory: RefusalMemory, _ key: TokenCache.Key) -> Bool {
    do throws(Failure) {
      try memory.check(key)
      return false
    } catch { return true }
  }

  @Test(arguments: [TokenFailure.Refusal.Kind.invalidClient, .clientInactive])
  func aRefusalOfTheClientIsThatOfAllItsUsers(_ kind: TokenFailure.Refusal.Kind) {
    let memory = RefusalMemory(clock: ManualClock())
    memory.note(refusal(kind, 401), for: key("a"), since: memory.era)
    #expect(isRemembered(memory, key("a")) && isRemembered(memory, key("b")))
    #expect(!isRemembered(memory, key("a", identity: 2)))
  }

  @Test(arguments: [TokenFailure.Refusal.Kind.invalidGrant, .invalidScope, .unauthorizedClient, .assertionRejected])
  func oneOfAUserOrScopeIsItsOwn(_ kind: TokenFailure.Refusal.Kind) {
    let memory = RefusalMemory(clock: ManualClock())
    memory.note(refusal(kind), for: key("a"), since: memory.era)
    #expect(isRemembered(memory, key("a")))
    #expect(!isRemembered(memory, key("b")))
  }

  @Test(
    arguments: [(.clockSkew, 400), (.rateLimited, 429), (.other, 503), (.assertionRejected, 500)]
      as [(TokenFailure.Refusal.Kind, Int)]
  )
  func whatMayPassIsNotRemembered(_ kind: TokenFailure.Refusal.Kind, _ status: Int) {
    let memory = RefusalMemory(clock: ManualClock())
    memory.note(refusal(kind, status), for: key("a"), since: memory.era)
    #expect(!isRemembered(memory, key("a")))
  }

  @Test func lastsTenSecondsAndSaysHowLongStill() {
    let clock = ManualClock()
    let memory = RefusalMemory(clock: clock)
    memory.note(refusal(.invalidGrant), for: key("a"), since: memory.era)
    clock.advance(by: .milliseconds(3500))
    var expected = TokenFailure.Refusal(kind: .invalidGrant, status: 400, clientAuthentication: .clientAssertion)
    expected.rememberedSeconds = 3
    expected.retryAfterMs = 6500
    #expect(throws: Failure.token(.refused(expected))) { try memory.check(key("a")) }
    clock.advance(by: .milliseconds(6500))
    #expect(!isRemembered(memory, key("a")))
  }

  @Test func aSuccessOrAChangeForgets() throws {
    let memory = RefusalMemory(clock: ManualClock())
    let token = AccessToken(
      text: "t",
      scope: "s",
      subject: "b",
      lifeSeconds: 1,
      came: ClockSetting(UnixTime(seconds: 0), at: .now)
    )
    memory.note(refusal(.invalidClient, 401), for: key("a"), since: memory.era)
    memory.note(.success(token), for: key("b"), since: memory.era)
    #expect(!isRemembered(memory, key("a")))
    memory.note(refusal(.invalidGrant), for: key("a"), since: memory.era)
    let era = memory.era
    memory.removeAll()
    #expect(!isRemembered(memory, key("a")))
    // Asked before the change, answered behind it.
    memory.note(refusal(.invalidGrant), for: key("a"), since: era)
    #expect(!isRemembered(memory, key("a")))
  }

  @Test func staysWithinItsBound() {
    let memory = RefusalMemory(clock: ManualClock())
    for number in 0..<10_001 { memory.note(refusal(.invalidGrant), for: key("\(number)"), since: memory.era) }
    #expect(isRemembered(memory, key("9999")))
    #expect(!isRemembered(memory, key("10000")))
  }

  // MARK: Through the service

  private func token(_ bench: Bench, _ subject: String = "nobody", forceRefresh: Bool = false) async -> Failure? {
    do throws(Failure) {
      let permit: Authorization.Permit
      do { permit = try bench.permit(subject) } catch { throw .abandoned }
      let request = TokenService.Request(permit, forceRefresh: forceRefresh)
      _ = try await bench.tokens.token(request, for: RecordingCaller())
      return nil
    } catch { return error }
  }

  @Test func theDomainIsAskedOnceAndAgainWhenItIsForced() async throws {
    let bench = try await Bench()
    bench.http.plan(400, #"{"error":"invalid_grant"}"#)
    for _ in 0..<100 { #expect(await token(bench) != nil) }
    #expect(bench.http.requests.count == 1)
    bench.http.plan(200, Samples.grant(Samples.userToken("nobody")))
    #expect(await token(bench, forceRefresh: true) == nil)
    #expect(await token(bench) == nil)
    #expect(bench.http.requests.count == 2)
  }

  @Test(
    arguments: [{ $0.domain.dropSecrets() }, { $0.tokens.cache.removeAll { _ in false } }]
      as [@Sendable (Bench) -> Void]
  )
  func isDroppedWithTheTokens(_ drop: @Sendable (Bench) -> Void) async throws {
    let bench = try await Bench()
    bench.http.plan(401, #"{"error":"invalid_client"}"#)
    #expect(await token(bench) != nil)
    drop(bench)
    bench.http.plan(200, Samples.grant(Samples.userToken("nobody")))
    #expect(await token(bench) == nil)
  }
}
