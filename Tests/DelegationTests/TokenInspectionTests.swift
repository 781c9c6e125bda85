import JSON
import TestSupport
import Testing

@testable import Delegation

struct TokenInspectionTests {
  /// An identity domain whose key has this first byte, and time that passes on both clocks.
  private struct Domain {
    let bench: Bench

    init() async throws { bench = try await Bench(profileFile: try Self.file()) }

    private static func file() throws -> InMemoryGuardedFile {
      let profiles: JSONValue = ["profiles": ["dev5": Samples.profileJSON]]
      return InMemoryGuardedFile("/config.json", bytes: profiles.serialized())
    }

    func shows(_ keys: UInt8...) {
      let set = JSONValue.array(keys.map { JSONWebKeySetTests.oracleKey($0) })
      bench.http.plan(200, String(decoding: JSONValue.object([.init("keys", set)]).serialized(), as: UTF8.self))
    }

    func pass(seconds: Int64) {
      bench.clock.advance(by: .seconds(seconds))
      bench.wallClock.advance(bySeconds: seconds)
    }

    func token(by key: UInt8, header: JSONValue = ["alg": "RS256", "kid": "SIGNING_KEY"]) throws -> String {
      let modulus = [UInt8](repeating: key, count: 256)
      let key = try #require(VerificationKey(modulus: modulus, exponent: [1, 0, 1]))
      let claims = try #require(JWT(decoding: Samples.userToken("curtis.feitty"))).claims
      let message = [header, claims].map { Base64.encode($0.serialized(), as: .url) }.joined(separator: ".")
      return "\(message).\(Base64.encode(PlainSignatures.sign(message.utf8, with: key), as: .url))"
    }

    func verdict(by key: UInt8, timeout: Duration = .seconds(30)) async throws -> String {
      let report = try await bench.domain.inspection.inspect(
        token: token(by: key),
        profile: "dev5",
        scope: nil,
        deadline: bench.clock.now + timeout
      )
      return switch report.verdict {
      case .signed: "signed"
      case .notSigned(let reason): "not signed: \(reason)"
      case .unknown(let reason): "unknown: \(reason)"
      }
    }
  }

  @Test func asksInOnePlaceWithoutACredential() async throws {
    let domain = try await Domain()
    domain.shows(0xc1)
    #expect(try await domain.verdict(by: 0xc1) == "signed")
    let request = try #require(domain.bench.http.requests.first)
    #expect(request.method == .get)
    #expect(request.origin.text == "https://idcs-1.identity.oraclecloud.com")
    #expect(request.target == "/admin/v1/SigningCert/jwk")
    #expect(request.headers.map { "\($0.name): \($0.value)" } == ["Accept: application/json"])
    #expect(request.maximumResponseBytes == 256 << 10)
  }

  /// Keys are kept for an hour. When one fails them they are fetched once more in that time, not at once.
  @Test func keysAreKeptAndLookedAtAgainOnce() async throws {
    let domain = try await Domain()
    domain.shows(0xc1)
    #expect(try await domain.verdict(by: 0xc1) == "signed")
    #expect(try await domain.verdict(by: 0xc3).contains("showed at 2023-11-14T22:13:20Z"))
    domain.pass(seconds: 59)
    #expect(try await domain.verdict(by: 0xc3).hasPrefix("not signed"))
    #expect(domain.bench.http.requests.count == 1)
    // The domain has another key meanwhile, of the same name.
    domain.pass(seconds: 1)
    domain.shows(0xc3)
    #expect(try await domain.verdict(by: 0xc3) == "signed")
    #expect(try await domain.verdict(by: 0xc1).hasPrefix("not signed"))
    domain.pass(seconds: 3539)
    #expect(try await domain.verdict(by: 0xc1).contains("showed at 2023-11-14T22:14:20Z"))
    #expect(try await domain.verdict(by: 0xc3) == "signed")
    #expect(domain.bench.http.requests.count == 2)
    domain.pass(seconds: 61)
    domain.shows(0xc3, 0xc5)
    #expect(try await domain.verdict(by: 0xc5) == "signed")
    #expect(domain.bench.http.requests.count == 3)
  }

  @Test func whatHasJustFailedIsNotAskedForAgain() async throws {
    let domain = try await Domain()
    domain.bench.http.plan(503, "<html>")
    for _ in 0..<10 { #expect(try await domain.verdict(by: 0xc1).contains("503")) }
    domain.pass(seconds: 59)
    #expect(try await domain.verdict(by: 0xc1).contains("503"))
    #expect(domain.bench.http.requests.count == 1)
    domain.pass(seconds: 1)
    domain.shows(0xc1)
    #expect(try await domain.verdict(by: 0xc1) == "signed")
  }

  @Test func whenNewerKeysCannotBeHadItIsNotKnown() async throws {
    let domain = try await Domain()
    domain.shows(0xc1)
    #expect(try await domain.verdict(by: 0xc1) == "signed")
    domain.pass(seconds: 60)
    domain.bench.http.plan(.unreachable(found: "connection refused"))
    let verdict = try await domain.verdict(by: 0xc3)
    #expect(verdict.hasPrefix("unknown: It is not signed with the keys of 2023-11-14T22:13:20Z"))
    #expect(try await domain.verdict(by: 0xc1) == "signed")
    domain.pass(seconds: 60)
    domain.shows(0xc1)
    #expect(try await domain.verdict(by: 0xc3).hasPrefix("not signed"))
  }

  /// One who has less time than the domain takes is answered in theirs; who stays has the keys, and so has the next.
  @Test func nobodyWaitsLongerThanTheyWant() async throws {
    let domain = try await Domain()
    let clock = domain.bench.clock
    let shown = JSONWebKeySetTests.set(JSONWebKeySetTests.oracleKey(0xc1))
    domain.bench.http.plan { _ in
      try? await clock.sleep(until: clock.now + .seconds(5), tolerance: nil)
      return .success(HTTPResponse(status: 200, headers: [], body: Array(shown.utf8), date: nil))
    }
    async let impatient = domain.verdict(by: 0xc1, timeout: .seconds(1))
    async let patient = domain.verdict(by: 0xc1)
    await clock.sleepers(atLeast: 3)
    domain.pass(seconds: 1)
    #expect(try await impatient == "unknown: The identity domain did not show its signing keys within timeoutMs.")
    domain.pass(seconds: 4)
    #expect(try await patient == "signed")
    #expect(try await domain.verdict(by: 0xc1) == "signed")
    #expect(domain.bench.http.requests.count == 1)
  }

  /// A profile that trusts another authority, or goes through another proxy, has keys of its own.
  @Test func keysOfAnotherRoadAreNotUsed() async throws {
    let domain = try await Domain()
    let certificates = SigningCertificates(
      http: domain.bench.http,
      wallClock: domain.bench.wallClock,
      clock: domain.bench.clock
    )
    let profiles = [
      try Samples.profile(), try Samples.profile { $0.caFile = "/ca.pem" },
      try Samples.profile { $0.proxy = "http://proxy.example:8080" },
      try Samples.profile { $0.identityDomainUrl = "https://idcs-2.identity.oraclecloud.com" },
      try Samples.profile { $0.name = "the same road" },
    ]
    for key in [0xc1, 0xc3, 0xc5, 0xc7] as [UInt8] { domain.shows(key) }
    var found: [UInt8] = []
    for profile in profiles {
      let answer = try await certificates.keys(of: profile, by: domain.bench.clock.now + .seconds(9))
      guard case .keys(let shown) = answer else { continue }
      found += shown.keys.keys.compactMap(\.numbers.modulus.first)
    }
    #expect(found == [0xc1, 0xc3, 0xc5, 0xc7, 0xc1])
  }

  @Test(
    arguments: [
      (["alg": "none"], "Its alg is none"), (["alg": "HS256"], "Its alg is HS256"), ([:], "names no alg"),
      (["alg": "RS256 "], "Its alg is RS256 "), (["alg": ["RS256"]], "names no alg"),
      (["alg": "RS256", "crit": []], "crit"), (["alg": "RS256", "crit": nil], "crit"),
    ] as [(JSONValue, String)]
  )
  func aHeaderChoosesNothing(header: JSONValue, flaw: String) async throws {
    let domain = try await Domain()
    let token = try domain.token(by: 0xc1, header: header)
    #expect(try #require(TokenSignature(of: token)).flaw?.contains(flaw) == true)
  }

  // MARK: The token in memory

  private func inspect(_ bench: Bench, _ permit: Authorization.Permit) async throws -> TokenInspection.Report {
    try await bench.domain.inspection.inspect(TokenService.Request(permit), deadline: bench.clock.now + .seconds(9))
  }

  @Test func whereNoneIsInMemoryNothingIsExchanged() async throws {
    let bench = try await Bench()
    await #expect(throws: Failure.token(.noneInMemory)) { try await inspect(bench, bench.permit()) }
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    let permit = try bench.permit()
    _ = try await bench.tokens.token(TokenService.Request(permit), for: RecordingCaller())
    bench.http.plan(401, "")
    let report = try await inspect(bench, permit)
    #expect(report.claims["sub"] == "curtis.feitty")
    #expect(report.expiresAt == UnixTime(seconds: 1_700_003_600))
    #expect(report.isExpired == false && report.misfit == nil)
    await #expect(throws: Failure.token(.noneInMemory)) { try await inspect(bench, bench.permit("ap.clerk")) }
    bench.wallClock.advance(bySeconds: 3600)
    await #expect(throws: Failure.token(.noneInMemory)) { try await inspect(bench, permit) }
    #expect(bench.http.isExhausted && bench.http.requests.count == 2)
  }

  @Test func anOpaqueTokenSaysNothing() async throws {
    let bench = try await Bench()
    let permit = try bench.permit(profile: Samples.profile { $0.opaqueTokens = .accept })
    bench.http.plan(200, Samples.grant("opaque"))
    _ = try await bench.tokens.token(TokenService.Request(permit), for: RecordingCaller())
    let report = try await inspect(bench, permit)
    #expect(report.claims == .object([]) && report.header == .object([]))
    guard case .unknown(let reason) = report.verdict, reason.hasPrefix("It is opaque") else {
      Issue.record("\(report.verdict)")
      return
    }
    #expect(bench.http.requests.count == 1)
  }

  @Test(
    arguments: [
      (["tok_type": "IT", "sub": "a"], "It is a token whose tok_type is not AT."),
      (["tok_type": "AT", "sub_type": "client", "sub": "a"], "sub_type is not user"),
      (["tok_type": "AT", "sub_type": "user"], "It names no user in sub."),
      (["tok_type": "AT", "sub_type": "user", "sub": ""], "It names no user in sub."),
      (["tok_type": "AT", "sub_type": "user", "sub": "a", "scope": "s"], "scope is s"),
      (["tok_type": "AT", "sub_type": "user", "sub": "a", "scope": .string(Samples.scope)], "usable exp"),
      (["tok_type": "AT", "sub_type": "user", "sub": "a", "scope": .string(Samples.scope), "exp": 1], nil),
    ] as [(JSONValue, String?)]
  )
  func saysWhyATokenWouldNotBeUsed(claims: JSONValue, misfit: String?) async throws {
    let domain = try await Domain()
    domain.bench.http.plan(401, "")
    let report = try await domain.bench.domain.inspection.inspect(
      token: Samples.token(claims),
      profile: "dev5",
      scope: nil,
      deadline: domain.bench.clock.now + .seconds(9)
    )
    #expect(report.misfit == nil ? misfit == nil : report.misfit?.contains(misfit ?? "?") == true)
    #expect(report.isExpired == (claims["exp"] == nil ? nil : true))
  }
}
