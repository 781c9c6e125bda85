import Delegation
import JSON
import Methods
import ProtocolKit
import TestSupport
import Testing

struct GetStatusTests {
  private let http = ScriptedHTTP()
  private let clock = PatientClock(ManualClock())

  private static let domain = "https://idcs-1.identity.oraclecloud.com"

  /// A sidecar with one key and one profile.
  private func sidecar() async throws -> InProcessSidecar {
    let sidecar = InProcessSidecar(isAdmin: true, keys: PlainKeys(), http: http, clock: clock)
    for request in [
      #""createKey","params":{"alias":"payables"}"#,
      #"""
      "saveProfile","params":{"profile":{"name":"dev5","identityDomainUrl":"\#(Self.domain)","clientId":"c",\#
      "clientAuthentication":"client_assertion","key":"payables","scope":"s","fusionUrl":"https://pod.example",\#
      "policy":{"subjects":{"allow":["*"]}}}}
      """#,
    ] {
      let answer = try await self.answer(of: sidecar, request)
      try #require(answer["result"] != nil, "\(answer)")
    }
    return sidecar
  }

  private func answer(of sidecar: InProcessSidecar, _ request: String) async throws -> JSONValue {
    sidecar.loopback.send(#"{"jsonrpc":"2.0","id":1,"method":\#(request)}"#)
    return try JSONValue(parsing: await sidecar.receive())
  }

  private func status(of sidecar: InProcessSidecar) async throws -> JSONValue {
    try #require(await answer(of: sidecar, #""getStatus""#)["result"])
  }

  /// Plans an answer of the domain that takes so long.
  private func plan(_ status: Int, _ body: JSONValue, after duration: Duration, date: UnixTime? = nil) {
    http.plan { [clock] _ in
      clock.manual.advance(by: duration)
      return .success(HTTPResponse(status: status, headers: [], body: body.serialized(), date: date))
    }
  }

  private func token(for subject: String) throws -> JSONValue {
    let tokens = try InProcessTokens(now: InProcessSidecar.wallClock.now())
    return [
      "access_token": .string(tokens.accessToken(user: subject, clientId: "c", scope: "s", changes: [])),
      "token_type": "Bearer", "expires_in": 3600,
    ]
  }

  @Test func timesAreThoseOfTheClock() async throws {
    let sidecar = try await sidecar()
    for milliseconds in 1...10 {
      plan(200, try token(for: "user\(milliseconds)"), after: .milliseconds(milliseconds))
      let answer = try await answer(
        of: sidecar,
        #""getToken","params":{"subject":"user\#(milliseconds)"}"#
      )
      try #require(answer["result"] != nil, "\(answer)")
    }
    _ = try await answer(of: sidecar, #""getToken","params":{"subject":"user1"}"#)
    let status = try await status(of: sidecar)
    // 55 ms in 10 exchanges; the percentiles are the middles of their buckets.
    let latency = try json(#"{"meanMs":5.5,"p50Ms":4.864,"p90Ms":8.704,"p99Ms":9.728,"maxMs":10.0}"#)
    let domain = try #require(status["domains"]?.elements?.first)
    #expect(domain["exchanges"] == ["count": 10, "attempts": 10, "errors": [:], "latency": latency])
    #expect(
      domain["traffic"] == ["requests": 10, "inFlight": 0, "answers": ["200": 10], "failures": [:], "latency": latency]
    )
    // The one from memory took no time.
    let method = try #require(status["methods"]?["getToken"])
    #expect(method["count"] == 11)
    let withOneOfNoTime = #"{"meanMs":5.0,"p50Ms":4.864,"p90Ms":8.704,"p99Ms":9.728,"maxMs":10.0}"#
    #expect(try method["latency"] == json(withOneOfNoTime))
  }

  private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

  @Test func failuresAreCountedByKindAndStatus() async throws {
    let sidecar = try await sidecar()
    plan(400, ["error": "invalid_grant"], after: .zero)
    _ = try await answer(of: sidecar, #""getToken","params":{"subject":"nobody"}"#)
    _ = try await answer(of: sidecar, #""getToken","params":{"subject":""}"#)
    let status = try await status(of: sidecar)
    #expect(status["methods"]?["getToken"]?["errors"] == ["invalid_grant": 1, "subject_denied": 1])
    let domain = try #require(status["domains"]?.elements?.first)
    #expect(domain["exchanges"]?["errors"] == ["invalid_grant": 1])
    #expect(domain["traffic"]?["answers"] == ["400": 1])
  }

  private func getToken(_ sidecar: InProcessSidecar, _ subject: String) async throws -> JSONValue {
    try await answer(of: sidecar, #""getToken","params":{"subject":"\#(subject)"}"#)
  }

  @Test func theCacheTellsWhatItWasGoodFor() async throws {
    let sidecar = try await sidecar()
    try plan(200, token(for: "curtis.feitty"), after: .zero)
    for _ in 1...3 { _ = try await getToken(sidecar, "curtis.feitty") }
    let fresh = try await status(of: sidecar)["cache"]
    #expect(
      try fresh
        == json(
          #"""
          {"entries":1,"maxEntries":10000,"fresh":1,"stale":0,"hits":2,"misses":1,"renewals":{"begun":0,"failed":0},\#
          "servedStale":0,"evicted":0,"rememberedRefusals":0}
          """#
        )
    )
    // Past half of its life, and the domain knows the client no more.
    clock.manual.advance(by: .seconds(2000))
    plan(401, ["error": "invalid_client"], after: .zero)
    #expect(try await getToken(sidecar, "curtis.feitty")["result"]?["source"] == "cache")
    var stale = try await status(of: sidecar)["cache"]
    while stale?["renewals"]?["failed"] != 1 { stale = try await status(of: sidecar)["cache"] }
    #expect(
      try stale
        == json(
          #"""
          {"entries":1,"maxEntries":10000,"fresh":0,"stale":1,"hits":3,"misses":1,"renewals":{"begun":1,"failed":1},\#
          "servedStale":1,"evicted":0,"rememberedRefusals":1}
          """#
        )
    )
  }

  @Test func theLimiterAndTheClockOfADomainAreTold() async throws {
    let sidecar = try await sidecar()
    let ahead = InProcessSidecar.wallClock.now().advanced(bySeconds: 900)
    try plan(200, token(for: "user1"), after: .zero)
    _ = try await getToken(sidecar, "user1")
    let unheard = try #require(await status(of: sidecar)["domains"]?.elements?.first)
    #expect(try unheard["clock"] == json(#"{"state":"unknown","offsetMs":0}"#))
    for subject in ["user2", "user3"] {
      try plan(200, token(for: subject), after: .zero, date: ahead)
      _ = try await getToken(sidecar, subject)
    }
    clock.manual.advance(by: .seconds(2))
    let told = try #require(await status(of: sidecar)["domains"]?.elements?.first)
    let corrected = #"{"state":"corrected","offsetMs":902500,"lastOffsetMs":902500,"lastAgeMs":2000}"#
    #expect(try told["clock"] == json(corrected))
    let limiter =
      #"{"perSecond":10,"perMinute":250,"share":1.0,"queued":0,"pausedMs":0,"granted":3,"lastMinute":3}"#
    #expect(try told["limiter"] == json(limiter))
  }

  @Test func uptimeIsThatOfTheClockThatNeverJumps() async throws {
    let sidecar = try await sidecar()
    clock.manual.advance(by: .seconds(3600))
    let status = try await status(of: sidecar)
    #expect(status["uptimeSeconds"] == 3600)
    #expect(status["startedAt"] == .string(InProcessSidecar.wallClock.now().rfc3339))
  }

  /// The answer is there when the reader has handled the bytes.
  @Test func touchesNothing() throws {
    let ports = Untouchable()
    let sidecar = InProcessSidecar(store: ports, profileFile: ports, keys: PlainKeys(), http: ports)
    sidecar.loopback.send(#"{"jsonrpc":"2.0","id":1,"method":"getStatus"}"#)
    let answer = try JSONValue(parsing: Array(try #require(sidecar.loopback.unread.first).utf8))
    #expect(answer["result"]?["store"] == "untouchable")
  }

  @Test func saysThatItIsLocked() async throws {
    let sidecar = try await sidecar()
    #expect(try await status(of: sidecar)["locked"] == false)
    _ = try await answer(of: sidecar, #""lock""#)
    #expect(try await status(of: sidecar)["locked"] == true)
  }
}
