import Delegation
import JSON
import TestSupport
import Testing

struct TokenExchangeTests {
  private func exchange(
    _ bench: Bench,
    _ profile: Profile,
    subject: String = "curtis.feitty"
  ) async throws(Failure) -> AccessToken {
    let grant: UserGrant
    do { grant = .subject(try Subject(subject, unicode: false)) } catch { throw .abandoned }
    return try await bench.tokens.exchange.exchange(grant, scope: profile.scope, profile: profile, deadline: .now)
  }

  @Test func asksAsOraclesPageShows() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    let token = try await exchange(bench, Samples.profile())
    #expect(token.subject == "curtis.feitty")
    #expect(token.expiresAt == UnixTime(seconds: 1_700_003_600))
    let request = try #require(bench.http.requests.first)
    #expect(request.origin.text == "https://idcs-1.identity.oraclecloud.com")
    #expect(request.target == "/oauth2/v1/token")
    #expect(
      request.headers.map { "\($0.name): \($0.value)" } == [
        "Content-Type: application/x-www-form-urlencoded;charset=UTF-8", "Accept: application/json",
      ]
    )
    let body = String(decoding: try #require(request.body), as: UTF8.self)
    let fields = body.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    #expect(fields.map { $0[0] } == ["grant_type", "assertion", "scope", "client_assertion_type", "client_assertion"])
    #expect(fields[0][1] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer")
    #expect(fields[2][1] == "urn%3Aopc%3Aresource%3Afusion%3Adev5%3Afusion-ai%2F")
    #expect(fields[3][1] == "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer")
    #expect(fields[1][1] != fields[4][1])
  }

  /// Also when the answer is not accepted: it is the same request at the domain.
  @Test(arguments: ["curtis.feitty", "somebody.else"]) func theAuditHasTheECIDOfTheAnswer(user: String) async throws {
    let bench = try await Bench()
    let headers = [(name: "x-oracle-dms-ecid", value: "e-1")]
    bench.http.plan(200, Samples.grant(Samples.userToken(user)), headers: headers)
    _ = try? await exchange(bench, Samples.profile())
    let row = try JSONValue(parsing: Array(try #require(bench.audit.rows.last).utf8))
    #expect(row["event"] == "outcome")
    #expect((row["outcome"] == "ok") == (user == "curtis.feitty"))
    #expect(row["ecid"] == "e-1")
  }

  @Test func authenticatesWithTheSecretOfTheStore() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile { $0.clientAuthentication = .clientSecretBasic }
    await #expect(throws: Failure.token(.noClientSecret(profile: "dev5"))) { try await exchange(bench, profile) }
    try await bench.keys.setClientSecret(
      SecretBytes(copying: Array("s3cret".utf8)),
      of: profile,
      for: RecordingCaller()
    )
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    _ = try await exchange(bench, profile)
    let request = try #require(bench.http.requests.first)
    #expect(request.headers.contains { $0 == ("Authorization", "Basic Y2xpZW50LTE6czNjcmV0") })
    #expect(!String(decoding: request.body ?? [], as: UTF8.self).contains("client_"))
  }

  /// Whoever may give a profile at `initialize` must not be sent the secret of another client.
  @Test(
    arguments: [{ $0.identityDomainUrl = "https://somebody.example" }, { $0.clientId = "client-2" }]
      as [@Sendable (inout Profile) -> Void]
  )
  func aSecretIsForOneDomainAndClient(_ point: @Sendable (inout Profile) -> Void) async throws {
    let bench = try await Bench()
    var profile = try Samples.profile { $0.clientAuthentication = .clientSecretBasic }
    try await bench.keys.setClientSecret(
      SecretBytes(copying: Array("s3cret".utf8)),
      of: profile,
      for: RecordingCaller()
    )
    point(&profile)
    profile.key = nil
    let grant = UserGrant.userToken(Samples.token(["sub": "a"]), try Subject("a", unicode: false))
    await #expect(throws: Failure.token(.noClientSecret(profile: "dev5"))) {
      try await bench.tokens.exchange.exchange(grant, scope: profile.scope, profile: profile, deadline: .now)
    }
    #expect(bench.http.requests.isEmpty)
  }

  @Test func aUserTokenIsTheAssertion() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    let own = Samples.token(["sub": "curtis.feitty"])
    let profile = try Samples.profile()
    let grant = UserGrant.userToken(own, try Subject("curtis.feitty", unicode: false))
    _ = try await bench.tokens.exchange.exchange(grant, scope: profile.scope, profile: profile, deadline: .now)
    let body = String(decoding: bench.http.requests.first?.body ?? [], as: UTF8.self)
    #expect(body.contains("&assertion=\(own)&"))
  }

  /// Invariant 5, fail closed.
  @Test(
    arguments: [
      ["tok_type": "AT", "sub_type": "user", "sub": "somebody.else"],
      ["tok_type": "AT", "sub_type": "client", "sub": "curtis.feitty"],
      ["tok_type": "AT", "sub": "curtis.feitty"],
      ["tok_type": "IT", "sub_type": "user", "sub": "curtis.feitty"],
      ["sub_type": "user", "sub": "curtis.feitty"],
      ["tok_type": "AT", "sub_type": "user"],
      ["tok_type": "AT", "sub_type": "user", "sub": ["curtis.feitty"]],
      ["tok_type": "AT", "sub_type": "user", "sub": "curtis.feitty\u{301}"],
    ] as [JSONValue]
  )
  func refusesATokenThatIsNotTheUser(_ claims: JSONValue) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.token(claims)))
    do {
      _ = try await exchange(bench, Samples.profile())
      Issue.record("a token of somebody else was taken")
    } catch Failure.token(.wrongUser) {
    }
  }

  /// How a token may name the scope that was asked for.
  @Test(
    arguments: [
      ("urn:opc:resource:fusion:dev5:fusion-ai/", "urn:opc:resource:fusion:dev5:fusion-ai/", []),
      ("urn:opc:resource:fusion:dev5:fusion-ai/", "fusion-ai/", ["urn:opc:resource:fusion:dev5:"]),
      ("urn:opc:resource:fusion:dev5:fusion-ai/", "other urn:opc:resource:fusion:dev5:fusion-ai/", ["x"]),
      (
        "urn:opc:resource:fa:instanceid=1234567urn:opc:resource:consumer::all", "urn:opc:resource:consumer::all",
        ["https://idcs-1.identity.oraclecloud.com", "urn:opc:resource:fa:instanceid=1234567"]
      ),
      ("https://pod.fa.ocs.oraclecloud.com:443/", "/", ["https://pod.fa.ocs.oraclecloud.com:443"]),
      ("s urn:opc:resource:expiry=600 offline_access", "s", []),
      ("urn:opc:resource:multiresourcescope a b", "b a", []),
    ] as [(String, String, [String])]
  )
  func takesATokenForWhatWasAsked(asked: String, granted: String, audience: [String]) async throws {
    let bench = try await Bench()
    let claims: JSONValue = [
      "tok_type": "AT", "sub_type": "user", "sub": "curtis.feitty", "scope": .string(granted),
      "aud": audience.count == 1 ? .string(audience[0]) : .array(audience.map(JSONValue.string)), "exp": 1_700_003_600,
    ]
    bench.http.plan(200, Samples.grant(Samples.token(claims)))
    #expect(try await exchange(bench, Samples.profile { $0.scope = asked }).scope == asked)
  }

  @Test(
    arguments: [
      ("s", nil, []), ("s", "", []), ("s", ["s"], []), ("s", "t", []), ("s", "S", []), ("s", "s2", ["s"]),
      ("s", "", ["s"]), ("a b", "a", []), ("as", "s", ["b"]), ("as", "s", ["A"]), ("as", "s a", []),
      ("urn:a urn:b", "b", ["urn:a urn:"]), ("offline_access", "offline_access", []),
      ("\u{e9}", "e\u{301}", []),
    ] as [(String, JSONValue?, [String])]
  )
  func refusesATokenForSomethingElse(asked: String, granted: JSONValue?, audience: [String]) async throws {
    let bench = try await Bench()
    var claims: [JSONValue.Member] = [
      .init("tok_type", "AT"), .init("sub_type", "user"), .init("sub", "curtis.feitty"), .init("exp", 1_700_003_600),
      .init("aud", .array(audience.map(JSONValue.string))),
    ]
    if let granted { claims.append(.init("scope", granted)) }
    bench.http.plan(200, Samples.grant(Samples.token(.object(claims))))
    do {
      _ = try await exchange(bench, Samples.profile { $0.scope = asked })
      Issue.record("a token for something else was taken")
    } catch Failure.token(.wrongScope) {
    }
  }

  /// The life that counts is the shorter one. A token that ended before it came is none, whatever else it is.
  @Test(
    arguments: [
      (1_700_003_600, 3600, nil, 3600), (1_700_000_120, 3600, nil, 120), (1_700_003_600, 60, nil, 60),
      (1_700_000_001, 3600, nil, 1), (1_700_000_000, 3600, nil, nil), (1_699_999_999, 3600, 0, nil),
      (nil, 3600, 0, nil),
      ("1700003600", 3600, 0, nil), (-1, 3600, 0, nil), (9_223_372_036_854_775_807, 3600, 0, nil),
      // The domain's own clock counts, and a date by which its token would be dead already is not believed.
      (1_700_000_900, 3600, 600, 300), (1_700_000_900, 3600, 7200, 900), (1_699_999_000, 3600, -2000, 1000),
    ] as [(JSONValue?, Int, Int64?, Int64?)]
  )
  func aTokenLivesNoLongerThanItSays(exp: JSONValue?, expiresIn: Int, dateOffset: Int64?, life: Int64?) async throws {
    let bench = try await Bench()
    var claims: [JSONValue.Member] = [
      .init("tok_type", "AT"), .init("sub_type", "user"), .init("sub", "curtis.feitty"),
      .init("scope", .string(Samples.scope)),
    ]
    if let exp { claims.append(.init("exp", exp)) }
    let date = dateOffset.map { bench.wallClock.now().advanced(bySeconds: $0) }
    bench.http.plan(200, Samples.grant(Samples.token(.object(claims)), expiresIn: "\(expiresIn)"), date: date)
    do {
      let token = try await exchange(bench, Samples.profile())
      #expect(token.expiresAt.seconds == life.map { 1_700_000_000 + $0 })
    } catch Failure.token(.withoutLife) {
      #expect(life == nil)
    }
  }

  @Test func theUserMayBeWrittenInAnotherCase() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("Curtis.FEITTY")))
    #expect(try await exchange(bench, Samples.profile()).subject == "curtis.feitty")
  }

  @Test func anotherClaimMayBeTheUser() async throws {
    let bench = try await Bench()
    let claims: JSONValue = [
      "tok_type": "AT", "sub_type": "user", "sub": "guid-1", "user_name": "curtis.feitty",
      "scope": .string(Samples.scope), "exp": 1_700_003_600,
    ]
    bench.http.plan(200, Samples.grant(Samples.token(claims)))
    _ = try await exchange(bench, Samples.profile { $0.subjectClaim = "user_name" })
  }

  @Test func opaqueTokensAreTakenOnlyWhereTheProfileSaysSo() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant("opaque"))
    bench.http.plan(200, Samples.grant("opaque"))
    await #expect(throws: Failure.self) { try await exchange(bench, Samples.profile()) }
    #expect(try await exchange(bench, Samples.profile { $0.opaqueTokens = .accept }).text == "opaque")
  }

  @Test(arguments: [
    "", "null", "[]", "<html>", #"{"token_type":"Bearer","expires_in":3600}"#,
    #"{"access_token":"a b","token_type":"Bearer","expires_in":3600}"#,
    #"{"access_token":"a\r\nX: y","token_type":"Bearer","expires_in":3600}"#,
    #"{"access_token":"a","token_type":"mac","expires_in":3600}"#,
    #"{"access_token":"a","expires_in":3600}"#,
    #"{"access_token":"a","token_type":"Bearer"}"#,
    #"{"access_token":"a","token_type":"Bearer","expires_in":0}"#,
    #"{"access_token":"a","token_type":"Bearer","expires_in":-5}"#,
    #"{"access_token":"a","token_type":"Bearer","expires_in":1e9}"#,
    #"{"access_token":"a","token_type":"Bearer","expires_in":99999999999999999999}"#,
    #"{"tokenResponses":[{"access_token":"a","token_type":"Bearer","expires_in":3600}]}"#,
  ])
  func refusesAnswersThatAreNoToken(_ body: String) async throws {
    let bench = try await Bench()
    bench.http.plan(200, body)
    do {
      _ = try await exchange(bench, Samples.profile { $0.opaqueTokens = .accept })
      Issue.record("taken as a token")
    } catch Failure.network(let failure) {
      #expect(failure.server == "https://idcs-1.identity.oraclecloud.com")
    }
  }

  @Test(arguments: [#""3600""#, "3600"])
  func readsTheLifeAsNumberOrText(_ expiresIn: String) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty"), expiresIn: expiresIn))
    #expect(try await exchange(bench, Samples.profile()).expiresAt == UnixTime(seconds: 1_700_003_600))
  }

  @Test func redirectsAreNotFollowed() async throws {
    let bench = try await Bench()
    bench.http.plan(302, "", headers: [(name: "location", value: "https://evil.example")])
    let expected = Failure.network(
      NetworkFailure(
        .identityDomain,
        server: Samples.binding.identityDomainUrl,
        problem: .unexpectedRedirect(status: 302)
      )
    )
    await #expect(throws: expected) { try await exchange(bench, Samples.profile()) }
  }
}
