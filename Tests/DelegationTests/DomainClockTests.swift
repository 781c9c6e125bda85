import Delegation
import JSON
import TestSupport
import Testing

/// Exchanges with a domain whose clock is not ours.
struct DomainClockTests {
  /// An identity domain that refuses assertions more than 5 minutes off, and dates its answers by a clock of its own.
  private struct Domain {
    let bench: Bench
    let profile: Profile
    let start: ContinuousClock.Instant
    /// The domain's clock minus the bench's at the start. It runs with the monotonic clock, whatever is set.
    let aheadSeconds: Int64

    init(aheadSeconds: Int64) async throws {
      bench = try await Bench()
      profile = try Samples.profile()
      start = bench.clock.now
      self.aheadSeconds = aheadSeconds
    }

    /// The same, seen later: its clock has gone on while this machine stood still.
    init(_ other: Domain, aheadSeconds: Int64) {
      (bench, profile, start) = (other.bench, other.profile, other.start)
      self.aheadSeconds = aheadSeconds
    }

    /// Plans so many answers. A date given here is shown instead of the true one.
    func plan(_ count: Int, date: UnixTime? = nil, refusing isKnown: Bool = true) {
      let (clock, start) = (bench.clock, start)
      let ahead = aheadSeconds
      for _ in 0..<count {
        bench.http.plan { request in
          let now = 1_700_000_000 + ahead + (clock.now - start).components.seconds
          let isTimely = times(in: request).allSatisfy { $0.issued <= now + 300 && $0.expires > now - 300 }
          let token = Samples.token([
            "tok_type": "AT", "sub_type": "user", "sub": "curtis.feitty", "scope": .string(Samples.scope),
            "iat": .number(JSONNumber(now)), "exp": .number(JSONNumber(now + 3600)),
          ])
          let refusal = isTimely ? "invalid_grant" : "invalid_request"
          return .success(
            HTTPResponse(
              status: isTimely && isKnown ? 200 : 400,
              headers: [],
              body: Array((isTimely && isKnown ? Samples.grant(token) : #"{"error":"\#(refusal)"}"#).utf8),
              date: date ?? UnixTime(seconds: now)
            )
          )
        }
      }
    }

    func exchange() async throws -> AccessToken {
      let grant = UserGrant.subject(try Subject("curtis.feitty", unicode: false))
      return try await bench.tokens.exchange.exchange(
        grant,
        scope: profile.scope,
        profile: profile,
        deadline: bench.clock.now.advanced(by: .seconds(20))
      )
    }

    var status: DomainClock.Status { bench.domain.identityDomains.domain(of: profile).clock.status }

    /// `iat` of each request's assertions, relative to the domain's clock at the start.
    var issued: [Int64] {
      bench.http.requests.map { times(in: $0).first.map { $0.issued - 1_700_000_000 - aheadSeconds } ?? 0 }
    }

    /// Both clocks of this machine go on.
    func pass(seconds: Int64) {
      bench.clock.advance(by: .seconds(seconds))
      bench.wallClock.advance(bySeconds: seconds)
    }
  }

  /// 15 minutes off either way: one refusal, one more attempt by the domain's clock, and no refusal from then on.
  @Test(arguments: [900, -900, 1799, -1799] as [Int64])
  func aClockThatIsOffIsCorrected(aheadSeconds: Int64) async throws {
    let domain = try await Domain(aheadSeconds: aheadSeconds)
    domain.plan(3)
    let token = try await domain.exchange()
    #expect(token.expiresAt == UnixTime(seconds: 1_700_003_600))
    _ = try await domain.exchange()
    #expect(domain.issued == [-aheadSeconds - 5, -5, -5])
    let status = domain.status
    #expect(status.state == .corrected)
    #expect(status.offsetMs == aheadSeconds * 1000 + 500)
    #expect(Set(domain.bench.http.requests.flatMap { times(in: $0).map(\.id) }).count == 6)
  }

  /// Whoever gives a profile roots or a proxy of their own does not set the clock of the others.
  @Test(arguments: [("/elsewhere.pem", nil), (nil, "http://elsewhere.example")] as [(String?, String?)])
  func aDateThatCameByAnotherRoadCorrectsNobodyElse(_ caFile: String?, _ proxy: String?) async throws {
    let domain = try await Domain(aheadSeconds: 900)
    domain.plan(2)
    _ = try await domain.exchange()
    var other = domain.profile
    (other.caFile, other.proxy) = (caFile, proxy)
    let assertion = try await domain.bench.mint.mint(other, subject: nil, deadline: .now)
    #expect(assertion.claims["iat"] == 1_699_999_995)
    let known = domain.bench.domain.identityDomains.all
    #expect(known.map(\.clock.status.state) == [.corrected], "one domain, by the answer that came")
  }

  @Test func whatIsMintedForOthersIsCorrectedToo() async throws {
    let domain = try await Domain(aheadSeconds: 900)
    domain.plan(2)
    _ = try await domain.exchange()
    let assertion = try await domain.bench.mint.mint(domain.profile, subject: nil, deadline: .now)
    #expect(assertion.claims["iat"] == 1_700_000_895)
    #expect(assertion.claims["exp"] == 1_700_001_195)
  }

  /// 3 hours off: the one attempt that shows it, and then nothing is signed.
  @Test(arguments: [10_800, -10_800] as [Int64]) func aClockThatIsFarOffStopsSigning(aheadSeconds: Int64) async throws {
    let domain = try await Domain(aheadSeconds: aheadSeconds)
    domain.plan(1)
    func expectRefusal(left: Int) async throws {
      let expected = Failure.token(.clockTooFar(offsetMs: aheadSeconds * 1000 + 500, retryAfterMs: left))
      await #expect(throws: expected) { try await domain.exchange() }
      await #expect(throws: expected) {
        try await domain.bench.mint.mint(domain.profile, subject: nil, deadline: .now)
      }
    }
    try await expectRefusal(left: 10_000)
    domain.pass(seconds: 4)
    try await expectRefusal(left: 6000)
    #expect(domain.bench.http.requests.count == 1)
    #expect(domain.status.state == .tooFar)
    #expect(domain.status.offsetMs == 0)
    // Somebody sets the clock.
    domain.bench.wallClock.advance(bySeconds: aheadSeconds)
    domain.plan(1)
    _ = try await domain.exchange()
    #expect(domain.issued.last == 4 - 5)
  }

  /// It was the domain's clock, or a proxy's, and it has been set: after 10 s one call finds out.
  @Test func aClockThatWasFarOffIsLookedAtAgain() async throws {
    let domain = try await Domain(aheadSeconds: 0)
    domain.plan(1, date: UnixTime(seconds: 1_700_010_800), refusing: false)
    domain.plan(1)
    await #expect(throws: Failure.token(.clockTooFar(offsetMs: 10_800_500, retryAfterMs: 10_000))) {
      try await domain.exchange()
    }
    domain.pass(seconds: 10)
    _ = try await domain.exchange()
    #expect(domain.issued == [-5, 5])
  }

  /// The clock of this machine is set by hand, wrong, while the domain's time is known; and set back.
  @Test(arguments: [0, 900], [1200, -1200] as [Int64])
  func aJumpWithinReasonChangesNothing(aheadSeconds: Int64, jump: Int64) async throws {
    let domain = try await Domain(aheadSeconds: aheadSeconds)
    domain.plan(aheadSeconds == 0 ? 2 : 3)
    _ = try await domain.exchange()
    _ = try await domain.exchange()
    domain.plan(2)
    let isWithin = (aheadSeconds - jump).magnitude <= 1800
    domain.bench.wallClock.advance(bySeconds: jump)
    if isWithin { _ = try await domain.exchange() }
    domain.bench.wallClock.advance(bySeconds: -jump)
    _ = try await domain.exchange()
    #expect(domain.issued.suffix(isWithin ? 2 : 1).allSatisfy { $0 == -5 || $0 == -4 })
  }

  /// By hours: the domain refuses once and that says how far it is; set back, all is as before.
  @Test(arguments: [10_800, -10_800] as [Int64]) func aJumpByHoursIsNoticedAndHeals(jump: Int64) async throws {
    let domain = try await Domain(aheadSeconds: 0)
    domain.plan(3)
    _ = try await domain.exchange()
    _ = try await domain.exchange()
    domain.bench.wallClock.advance(bySeconds: jump)
    for _ in 0..<3 {
      await #expect(throws: Failure.token(.clockTooFar(offsetMs: -jump * 1000 + 500, retryAfterMs: 10_000))) {
        try await domain.exchange()
      }
    }
    domain.bench.wallClock.advance(bySeconds: -jump)
    domain.plan(1)
    _ = try await domain.exchange()
    #expect(domain.issued == [-5, -5, jump - 5, -5])
  }

  /// A virtual machine is stopped: its monotonic clock stands still, the clock on the wall is set when it goes on.
  @Test(arguments: [(pause: 1200, refusals: 1), (pause: 7200, refusals: 0)]) func aPauseHeals(
    pause: Int64,
    refusals: Int
  ) async throws {
    let before = try await Domain(aheadSeconds: 0)
    before.plan(2)
    _ = try await before.exchange()
    _ = try await before.exchange()
    before.bench.wallClock.advance(bySeconds: pause)
    let after = Domain(before, aheadSeconds: pause)
    after.plan(1 + refusals)
    _ = try await after.exchange()
    #expect(after.issued.suffix(1 + refusals) == (refusals == 1 ? [-pause - 5, -5] : [-5]))
  }

  /// Once a day a server shows a wrong date. At most that one token is renewed sooner.
  @Test(arguments: [1_700_000_900, 0, 253_402_300_799, Int64.max / 1000] as [Int64])
  func aHostileDateOfOneSuccessIsIgnored(seconds: Int64) async throws {
    let domain = try await Domain(aheadSeconds: 0)
    domain.plan(1)
    domain.plan(1, date: UnixTime(seconds: seconds))
    domain.plan(2)
    for exchange in 0..<4 {
      let token = try await domain.exchange()
      let isShortened = exchange == 1 && seconds == 1_700_000_900
      #expect(token.expiresAt == UnixTime(seconds: isShortened ? 1_700_002_700 : 1_700_003_600))
    }
    #expect(domain.issued == [-5, -5, -5, -5])
  }

  /// It costs the call that met it a second attempt; what that one hears is the truth from then on.
  @Test func aHostileDateOfOneRefusalCostsOneAttempt() async throws {
    let domain = try await Domain(aheadSeconds: 0)
    domain.plan(1, date: UnixTime(seconds: 1_700_000_900), refusing: false)
    domain.plan(2)
    do {
      _ = try await domain.exchange()
      Issue.record("an assertion 15 minutes off was taken")
    } catch Failure.token(.refused(let refusal)) {
      #expect(refusal.kind == .clockSkew)
      #expect(refusal.clockOffsetMs == 500)
    }
    _ = try await domain.exchange()
    #expect(domain.issued == [-5, 895, -5])
    #expect(domain.status.state == .agrees)
  }

  /// A refusal that the clocks do not explain is final: it is not the time that is wrong.
  @Test(arguments: [0, 900] as [Int64]) func aRefusalIsRetriedOnce(aheadSeconds: Int64) async throws {
    let domain = try await Domain(aheadSeconds: aheadSeconds)
    domain.plan(aheadSeconds == 0 ? 1 : 2, refusing: false)
    do {
      _ = try await domain.exchange()
      Issue.record("an unknown user was taken")
    } catch Failure.token(.refused(let refusal)) {
      #expect(refusal.kind == .invalidGrant)
      #expect(refusal.clockOffsetMs == aheadSeconds * 1000 + 500)
    }
    #expect(domain.bench.http.isExhausted)
  }

  @Test func anAnswerWithoutADateSaysNothing() async throws {
    let bench = try await Bench()
    bench.http.plan(400, #"{"error":"invalid_request"}"#)
    let profile = try Samples.profile()
    await #expect(throws: Failure.self) {
      try await bench.tokens.exchange.tryClient(profile, deadline: bench.clock.now.advanced(by: .seconds(20)))
    }
    #expect(bench.http.requests.count == 1)
    let status = bench.domain.identityDomains.domain(of: profile).clock.status
    #expect(status.state == .unknown)
    #expect(status.lastOffsetMs == nil)
  }

  /// A secret and the user's own token: nothing of ours has a date that could be wrong.
  @Test func whatWeDidNotSignIsNotRetried() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile { $0.clientAuthentication = .clientSecretBasic }
    try await bench.keys.setClientSecret(SecretBytes(copying: [65]), of: profile, for: RecordingCaller())
    bench.http.plan(400, #"{"error":"invalid_grant"}"#, date: UnixTime(seconds: 1_700_000_900))
    let grant = UserGrant.userToken(Samples.token(["sub": "a"]), try Subject("a", unicode: false))
    do {
      _ = try await bench.tokens.exchange.exchange(
        grant,
        scope: profile.scope,
        profile: profile,
        deadline: bench.clock.now.advanced(by: .seconds(20))
      )
    } catch Failure.token(.refused(let refusal)) {
      #expect(refusal.kind == .invalidGrant)
      #expect(refusal.clockOffsetMs == 900_500)
    }
    #expect(bench.http.requests.count == 1)
  }
}

private struct Times {
  let issued: Int64
  let expires: Int64
  let id: String

  init?(_ assertion: String) {
    guard let claims = JWT(decoding: assertion)?.claims, case .number(let issued) = claims["iat"],
      case .number(let expires) = claims["exp"], case .string(let id) = claims["jti"],
      let issued = issued.integer(Int64.self), let expires = expires.integer(Int64.self)
    else { return nil }
    self.issued = issued
    self.expires = expires
    self.id = id
  }
}

/// Those of the assertions in a token request.
private func times(in request: HTTPRequest) -> [Times] {
  String(decoding: request.body ?? [], as: UTF8.self).split(separator: "&").compactMap { field in
    field.split(separator: "=", maxSplits: 1).last.flatMap { Times(String($0)) }
  }
}
