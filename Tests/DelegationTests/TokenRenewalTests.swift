import JSON
import TestSupport
import Testing

@testable import Delegation

/// Tokens in use are renewed ahead, with nobody waiting.
struct TokenRenewalTests {
  @Test func aThousandCallersOfATokenThatHasJustBecomeStaleCauseOneExchange() async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    bench.pass(.seconds(1990))
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<1000 { group.addTask { try await bench.token().token.text } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    await bench.settle()
    #expect(bench.identityDomain.count == 2)
    #expect(texts.count <= 2)
    let status = bench.cache.status
    #expect(status.hits == 1000 && status.misses == 1)
    #expect(status.renewals == .init(begun: 1, failed: 0))
    #expect(status.fresh == 1 && status.stale == 0)
  }

  @Test func aStaleTokenIsAnsweredAtOnceAndTheNextIsNew() async throws {
    let bench = try await RenewalBench()
    let first = try await bench.token()
    bench.pass(.seconds(1990))
    let stale = try #require(try bench.bench.tokens.cached(bench.request()))
    #expect(stale.token.text == first.token.text && stale.expiresInSeconds == 1610)
    await bench.settle()
    let next = try #require(try bench.bench.tokens.cached(bench.request()))
    #expect(next.token.text != first.token.text && next.expiresInSeconds == 3600)
    #expect(bench.cache.status.servedStale == 1)
  }

  @Test func whatIsNotUsedCostsNothing() async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    let sleepers = bench.clock.sleeperCount
    bench.pass(.seconds(3500))
    await bench.settle()
    #expect(bench.identityDomain.count == 1)
    #expect(bench.clock.sleeperCount <= sleepers)
  }

  @Test func itHasRowsOfTheAuditLikeAnyOther() async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    let before = bench.bench.audit.rows.filter { $0.contains(#""exchange""#) }.count
    bench.pass(.seconds(1990))
    _ = try await bench.token()
    await bench.settle()
    #expect(bench.bench.audit.rows.filter { $0.contains(#""exchange""#) }.count == 2 * before)
  }

  /// The domain is away for ten minutes in mid-life, and callers come every few seconds, some with demands.
  @Test func anOutageOfTenMinutesIsNotNoticed() async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    bench.pass(.seconds(1990))
    bench.identityDomain.fails(.unreachable(found: "refused"))
    let before = bench.identityDomain.count
    for second in stride(from: 0, to: 600, by: 3) {
      for minimum in [nil, 0, 300] {
        let answer = try #require(try bench.bench.tokens.cached(bench.request(minimumSeconds: minimum)))
        #expect(answer.expiresInSeconds == Int64(1610 - second))
      }
      await bench.settle()
      bench.pass(.seconds(3))
    }
    // At once, and then with 10, 20, 40, 60, 60, … s between them, ± 25 %.
    let sent = bench.identityDomain.count - before
    #expect((10...17).contains(sent))
    #expect(bench.cache.status.renewals == .init(begun: sent, failed: sent))
    bench.identityDomain.grants()
    for _ in 0..<30 {
      _ = try await bench.token()
      await bench.settle()
      bench.pass(.seconds(3))
    }
    #expect(bench.cache.status.fresh == 1)
    #expect(bench.identityDomain.count == before + sent + 1)
  }

  /// As soon as it is known that the domain accepts a user no more, the user is not acted for.
  @Test func aRefusalOfTheUserDropsTheToken() async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    bench.pass(.seconds(1990))
    bench.identityDomain.answers(400, #"{"error":"invalid_grant"}"#)
    #expect(try await bench.token().source == .cache)
    await bench.settle()
    for _ in 0..<100 {
      await #expect(throws: Failure.self) { try await bench.token() }
    }
    #expect(bench.identityDomain.count == 2, "the refusal is remembered")
  }

  /// The user's own token has ended, which says nothing against the user.
  @Test func aRefusalOfTheUsersOwnTokenDropsNothing() async throws {
    let bench = try await RenewalBench()
    let own = Samples.token(["sub": "curtis.feitty"])
    func source() async throws -> TokenService.Answer.Source {
      let permit = try bench.bench.domain.authorization
        .permit(profile: nil, subject: nil, userToken: own, deadline: .now)
      let caller = RecordingCaller(deadline: bench.clock.now + .seconds(30))
      return try await bench.bench.tokens.token(TokenService.Request(permit), for: caller).source
    }
    #expect(try await source() == .exchange)
    bench.pass(.seconds(1990))
    bench.identityDomain.answers(400, #"{"error":"invalid_grant"}"#)
    for _ in 0..<100 {
      #expect(try await source() == .cache)
      await bench.settle()
    }
    #expect(bench.identityDomain.count == 2)
  }

  /// One user's renewal has shown that the client is refused: those of the others are not sent.
  @Test func aRefusalOfTheClientStopsTheRenewalsOfAll() async throws {
    let bench = try await RenewalBench()
    for user in 0..<20 { _ = try await bench.token("user\(user)") }
    bench.pass(.seconds(1990))
    bench.identityDomain.answers(401, #"{"error":"invalid_client"}"#)
    for user in 0..<20 {
      #expect(try await bench.token("user\(user)").source == .cache)
      await bench.settle()
    }
    #expect(bench.identityDomain.count == 21)
    #expect(bench.cache.status.rememberedRefusals == 1)
  }

  @Test func pastMaxStaleSecondsItIsWaitedFor() async throws {
    let bench = try await RenewalBench { $0.maxStaleSeconds = 60 }
    _ = try await bench.token()
    bench.pass(.seconds(2100))
    bench.identityDomain.fails(.tlsFailed(found: "expired"))
    await #expect(throws: Failure.self) { try await bench.token(minimumSeconds: 0) }
    await #expect(throws: Failure.self) { try await bench.token() }
    bench.identityDomain.grants()
    #expect(try await bench.token().source == .exchange)
  }

  // MARK: What stops it

  /// A renewal that is at the domain, which answers when the gate opens.
  private func underway(
    _ body: (RenewalBench, _ open: @escaping @Sendable () -> Void) async throws -> Void
  ) async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    bench.pass(.seconds(1990))
    let (arrived, gate) = (AsyncGate(), AsyncGate())
    bench.identityDomain.answers { subject, number in
      arrived.open()
      await gate.wait()
      return ScriptedDomain.grant(subject, number)
    }
    #expect(try await bench.token().source == .cache)
    await arrived.wait()
    try await body(bench) { gate.open() }
  }

  /// Noticed by another call meanwhile, or by nobody until the token is there.
  @Test(arguments: [true, false]) func itsTokenIsNotKeptWhenRulesWereNarrowed(noticed: Bool) async throws {
    try await underway { bench, open in
      bench.policyFile.bytes = Array(#"{"subjects":{"allow":["ap.*"]}}"#.utf8)
      if noticed { _ = try? bench.request() }
      open()
      await bench.settle()
      #expect(bench.cache.count == 0)
    }
  }

  @Test func nothingIsSignedForWhoIsNotAllowedAnyMore() async throws {
    let bench = try await RenewalBench()
    _ = try await bench.token()
    bench.pass(.seconds(1990))
    let request = try bench.request()
    bench.policyFile.bytes = Array(#"{"subjects":{"allow":["ap.*"]}}"#.utf8)
    // Of a call that was let pass just before.
    #expect(try bench.bench.tokens.cached(request) != nil)
    await bench.settle()
    #expect(bench.identityDomain.count == 1)
    #expect(bench.cache.count == 0)
  }

  /// Its turn may come half a minute later.
  @Test func norWhenItsTurnComesLate() async throws {
    let bench = try await RenewalBench { $0.rateLimit = RateLimit(perSecond: 1, perMinute: 1000) }
    let limiter = try bench.bench.domain.identityDomains.domain(of: Samples.profile()).limiter
    _ = try await bench.token()
    bench.pass(.seconds(1990))
    _ = try await bench.token("ap.clerk")
    #expect(try await bench.token().source == .cache)
    while limiter.status.queued == 0 { await Task.yield() }
    bench.policyFile.bytes = Array(#"{"subjects":{"allow":["ap.*"]}}"#.utf8)
    bench.pass(.seconds(1))
    await bench.settle()
    #expect(bench.identityDomain.subjects == ["curtis.feitty", "ap.clerk"])
    #expect(bench.cache.count == 1)
  }

  @Test(
    arguments: [
      { await $0.bench.domain.lock() }, { $0.bench.domain.dropSecrets() }, { $0.cache.removeAll() },
      { try $0.bench.tokens.invalidate(try $0.request()) },
    ] as [@Sendable (RenewalBench) async throws -> Void]
  )
  func itsTokenIsNotKeptWhenAllWasDropped(_ drop: @Sendable (RenewalBench) async throws -> Void) async throws {
    try await underway { bench, open in
      try await drop(bench)
      #expect(bench.cache.count == 0)
      open()
      await bench.settle()
      #expect(bench.cache.count == 0)
    }
  }

  @Test func whoInvalidatesGetsATokenThatWasAskedForAfterwards() async throws {
    try await underway { bench, open in
      try bench.bench.tokens.invalidate(try bench.request())
      bench.identityDomain.grants()
      let next = try await bench.token()
      #expect(next.source == .exchange)
      open()
      await bench.settle()
      #expect(try await bench.token().token.text == next.token.text)
      #expect(bench.identityDomain.count == 3)
    }
  }

  /// Thirty renewals wait for their turns; who needs a token goes before them.
  @Test func aBurstOfRenewalsDelaysNobodyWhoWaits() async throws {
    let bench = try await RenewalBench { $0.rateLimit = RateLimit(perSecond: 1, perMinute: 1000) }
    let limiter = try bench.bench.domain.identityDomains.domain(of: Samples.profile()).limiter
    func fetch(_ subject: String, forceRefresh: Bool = false) async throws {
      let task = Task { try await bench.token(subject, forceRefresh: forceRefresh, within: .seconds(3000)) }
      while try bench.cache.waiterCount(for: bench.key(subject)) == 0 { await Task.yield() }
      let before = bench.identityDomain.count
      while !bench.identityDomain.subjects[before...].contains(subject) {
        await Task.yield()
        if limiter.status.queued > 0 { bench.clock.advance(by: .milliseconds(250)) }
      }
      #expect(try await task.value.source == .exchange)
    }
    for user in 0..<30 {
      let task = Task { try await bench.token("user\(user)") }
      while bench.identityDomain.count <= user {
        await Task.yield()
        if limiter.status.queued > 0 { bench.clock.advance(by: .milliseconds(250)) }
      }
      _ = try await task.value
    }
    bench.pass(.seconds(1990))
    for user in 0..<30 { #expect(try await bench.token("user\(user)", minimumSeconds: 0).source == .cache) }
    while limiter.status.queued < 29 { await Task.yield() }
    let before = bench.identityDomain.count
    try await fetch("somebody")
    #expect(try #require(bench.identityDomain.subjects.firstIndex(of: "somebody")) <= before + 1)
    // One who comes to need what is in the queue moves it forward.
    let next = bench.identityDomain.count
    try await fetch("user29", forceRefresh: true)
    #expect(try #require(bench.identityDomain.subjects.lastIndex(of: "user29")) <= next + 2)
  }
}
