import JSON
import TestSupport
import Testing

@testable import Delegation

struct APIServiceTests {
  private static let path = "/fscmRestApi/resources/11.13.18.05/invoices"

  /// A bench whose first exchange is planned.
  private func bench(scope: String = Samples.scope) async throws -> Bench {
    let bench = try await Bench()
    planToken(bench, scope: scope)
    return bench
  }

  private func planToken(_ bench: Bench, scope: String = Samples.scope) {
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty", scope: scope)))
  }

  private func call(_ method: RequestMethod = .get, _ path: String = Self.path, scope: String? = nil) throws -> APICall
  {
    try APICall(
      method: method,
      path: path,
      content: method.onlyReads ? nil : .json(RawJSON(parsing: Array("{}".utf8))),
      scope: scope
    )
  }

  /// Lets the pause before the next attempt pass. The other sleeper is the key ring, which waits for idle keys.
  private func passPause(_ bench: Bench, by duration: Duration = .seconds(3)) async {
    await bench.clock.sleepers(atLeast: 2)
    bench.clock.advance(by: duration)
  }

  @Test func sendsOneRequestAsTheUser() async throws {
    let bench = try await bench()
    bench.http.plan(
      201,
      #"{"Id": 12345678901234567890}"#,
      headers: [("content-type", "application/json"), ("etag", "1")]
    )
    let caller = RecordingCaller()
    let call = try APICall(
      method: .post,
      path: Self.path,
      query: RawJSON(parsing: Array(#"{"limit":1}"#.utf8)),
      headers: RawJSON(parsing: Array(#"{"If-Match":"x"}"#.utf8)),
      content: .json(RawJSON(parsing: Array(#"{"Amount": 1.50}"#.utf8)))
    )
    let answer = try await bench.domain.api.send(call, permit: bench.permit(), for: caller)
    #expect(answer.status == 201)
    #expect(answer.body?.bytes == Array(#"{"Id":12345678901234567890}"#.utf8))
    #expect(caller.commits == 1)
    #expect(caller.abandonDetail == ["state": "unknown", "request": .string("POST \(Self.path)")])
    let request = try #require(bench.http.requests.last)
    #expect(request.method == .post)
    #expect(request.origin.text == "https://pod.fa.us6.oraclecloud.com")
    #expect(request.target == "\(Self.path)?limit=1")
    #expect(request.body == Array(#"{"Amount": 1.50}"#.utf8))
    #expect(
      request.headers.map { "\($0.name): \($0.value)" } == [
        "If-Match: x", "Accept: application/json, */*;q=0.8", "Content-Type: application/json",
        "Authorization: Bearer \(Samples.userToken("curtis.feitty"))",
      ]
    )
    #expect(request.deadline > caller.deadline + .seconds(2), "what became of it is learnt behind the deadline")
  }

  @Test(arguments: [200, 204, 304, 400, 403, 404, 409, 412, 500]) func aStatusOfTheResourceIsAnAnswer(
    _ status: Int
  ) async throws {
    let bench = try await bench()
    bench.http.plan(status, "why", headers: [("content-type", "text/plain")])
    let answer = try await bench.domain.api.send(call(.post), permit: bench.permit(), for: RecordingCaller())
    #expect(answer.status == status)
    #expect(answer.bodyText == "why")
  }

  @Test(arguments: [300, 301, 302, 303, 305, 307, 308]) func aRedirectIsNotFollowed(_ status: Int) async throws {
    let bench = try await bench()
    bench.http.plan(status, "", headers: [("location", "https://elsewhere.example/")])
    let expected = NetworkFailure(
      .pod,
      server: "https://pod.fa.us6.oraclecloud.com",
      problem: .unexpectedRedirect(status: status)
    )
    await #expect(throws: Failure.network(expected)) {
      try await bench.domain.api.send(call(), permit: bench.permit(), for: RecordingCaller())
    }
  }

  @Test func theTokenIsMaskedWhereItComesBack() async throws {
    let bench = try await Bench()
    let signature = String(repeating: "c2lnbmF0dXJl", count: 8)
    let token = Samples.userToken("curtis.feitty").dropLast(4) + signature
    bench.http.plan(200, Samples.grant(String(token)))
    let headers = [("content-type", "application/json"), ("x-echo", "Bearer \(token)")]
    bench.http.plan(200, #"{"echo": "Bearer \#(token)"}"#, headers: headers.map { (name: $0.0, value: $0.1) })
    let answer = try await bench.domain.api.send(call(), permit: bench.permit(), for: RecordingCaller())
    let text = String(decoding: try JSONWriter.encode(answer), as: UTF8.self)
    #expect(!text.contains(signature))
    #expect(text.contains("[masked]"))
  }

  // MARK: Sending again

  enum Trouble: CustomStringConvertible {
    case status(Int)
    case failure(HTTPFailure)

    func plan(_ http: ScriptedHTTP) {
      switch self {
      case .status(let status): http.plan(status, "")
      case .failure(let failure): http.plan(failure)
      }
    }

    var description: String {
      switch self {
      case .status(let status): "\(status)"
      case .failure(let failure): "\(failure)"
      }
    }
  }

  private static let unsent = HTTPFailure.unreachable(found: "refused")
  private static let all = RequestMethod.allCases
  private static let idempotent: [RequestMethod] = [.get, .head, .put, .delete]
  private static let readers: [RequestMethod] = [.get, .head]

  @Test(
    arguments: [
      (.status(502), idempotent), (.status(503), idempotent), (.status(504), idempotent), (.status(429), readers),
      (.status(500), []), (.status(501), []), (.status(409), []), (.status(408), []),
      (.failure(unsent), all), (.failure(.timedOut(phase: .connect, requestSent: false)), all),
      (.failure(.broken(found: "reset", requestSent: true)), idempotent),
      (.failure(.broken(found: "reset", requestSent: false)), all),
      (.failure(.timedOut(phase: .response, requestSent: true)), idempotent),
      (.failure(.tlsFailed(found: "expired")), []), (.failure(.responseTooLarge(limit: 1)), []),
    ] as [(Trouble, [RequestMethod])]
  )
  func isSentAgainOnlyWhereThatIsSafe(_ trouble: Trouble, _ again: [RequestMethod]) async throws {
    for method in RequestMethod.allCases {
      let bench = try await bench()
      trouble.plan(bench.http)
      bench.http.plan(200, "")
      let (call, permit) = (try call(method), try bench.permit())
      let caller = RecordingCaller()
      let task = Task { try await bench.domain.api.send(call, permit: permit, for: caller) }
      if again.contains(method) {
        await passPause(bench)
        #expect(try await task.value.status == 200)
        #expect(bench.http.isExhausted)
        #expect(caller.commits == (method.isIdempotent ? 0 : 2))
      } else {
        _ = await task.result
        #expect(bench.http.requests.count == 2, "\(method) was sent again")
        #expect(!bench.http.isExhausted)
      }
    }
  }

  /// It may have been carried out before the answer was lost; then 412 to a second one would say the opposite.
  @Test(
    arguments: [
      (.put, .status(503), false), (.delete, .status(504), false),
      (.put, .failure(.broken(found: "reset", requestSent: true)), false),
      (.delete, .failure(.timedOut(phase: .response, requestSent: true)), false), (.put, .failure(unsent), true),
      (.get, .status(503), true), (.head, .failure(.broken(found: "reset", requestSent: true)), true),
    ] as [(RequestMethod, Trouble, Bool)]
  )
  func whatHasAConditionIsSentAgainOnlyWhenItOnlyReads(
    _ method: RequestMethod,
    _ trouble: Trouble,
    _ isSentAgain: Bool
  ) async throws {
    let bench = try await bench()
    trouble.plan(bench.http)
    bench.http.plan(412, "")
    let headers = try RawJSON(parsing: Array(#"{"if-Match":"\"1\""}"#.utf8))
    let (call, permit) = (try APICall(method: method, path: Self.path, headers: headers), try bench.permit())
    let caller = RecordingCaller()
    let task = Task { try await bench.domain.api.send(call, permit: permit, for: caller) }
    if isSentAgain { await passPause(bench) }
    do { _ = try await task.value } catch Failure.network(let failure) { #expect(!failure.isRepeatable) }
    #expect(bench.http.isExhausted == isSentAgain)
    #expect((caller.commits > 0) == !method.onlyReads)
  }

  @Test func itEndsAfterThreeMore() async throws {
    let bench = try await bench()
    for _ in 0..<4 { bench.http.plan(503, "later") }
    let (call, permit) = (try call(), try bench.permit())
    let task = Task { try await bench.domain.api.send(call, permit: permit, for: RecordingCaller()) }
    for _ in 0..<3 { await passPause(bench) }
    #expect(try await task.value.status == 503, "what the pod said last is the answer")
    #expect(bench.http.isExhausted)
  }

  @Test func retryAfterIsHonouredWhenItFits() async throws {
    let bench = try await bench()
    bench.http.plan(429, "", headers: [("retry-after", "7")])
    bench.http.plan(200, "")
    let (call, permit) = (try call(), try bench.permit())
    let task = Task { try await bench.domain.api.send(call, permit: permit, for: RecordingCaller()) }
    await passPause(bench, by: .milliseconds(6_999))
    #expect(bench.http.requests.count == 2)
    bench.clock.advance(by: .milliseconds(1))
    #expect(try await task.value.status == 200)
  }

  @Test func whatDoesNotFitIntoTheCallersTimeIsNotWaitedFor() async throws {
    let bench = try await bench()
    bench.http.plan(503, "", headers: [("retry-after", "30")])
    let caller = RecordingCaller(deadline: bench.clock.now + .seconds(30))
    #expect(try await bench.domain.api.send(call(), permit: bench.permit(), for: caller).status == 503)
  }

  // MARK: Policy

  private static let scopes = [
    APIScope(pathPrefix: "/fscmRestApi", scope: "fa"),
    APIScope(pathPrefix: "/fscmRestApi/resources", scope: "resources"),
    APIScope(pathPrefix: "/hcmRestApi/", scope: "hcm"),
  ]

  @Test(arguments: [
    (path, "resources"), ("/fscmRestApi", "fa"), ("/fscmRestApi?x=/fscmRestApi/resources", "fa"),
    ("/fscmRestApi/resourcesX", "fa"), ("/fscmRestApi/resources", "resources"), ("/fscmRestApiX", Samples.scope),
    ("/hcmRestApi/x", "hcm"), ("/hcmRestApi", Samples.scope), ("/FSCMRestApi", Samples.scope), ("/", Samples.scope),
  ])
  func theLongestPrefixNamesTheScope(_ path: String, _ scope: String) async throws {
    let bench = try await bench(scope: scope)
    bench.http.plan(200, "")
    let profile = try Samples.profile { $0.apiScopes = Self.scopes }
    _ = try await bench.domain.api.send(
      call(.get, path),
      permit: bench.permit(profile: profile),
      for: RecordingCaller()
    )
    let form = String(decoding: bench.http.requests[0].body ?? [], as: UTF8.self)
    #expect(form.contains("scope=\(String(decoding: FormEncoding.encode([("", scope)]).dropFirst(), as: UTF8.self))&"))
  }

  @Test(arguments: [
    (nil, "resources", nil), ("resources", "resources", nil), ("fa", "fa", nil), (Samples.scope, Samples.scope, nil),
    ("other", "", "other"), ("fa hcm", "fa hcm", nil),
  ])
  func aScopeThatIsAskedForMustBeItsOwnOrAllowed(_ scope: String?, _ granted: String, _ denied: String?) async throws {
    let bench = try await bench(scope: granted)
    bench.http.plan(200, "")
    let profile = try Samples.profile { $0.apiScopes = Self.scopes }
    let (call, permit) = (try call(scope: scope), try bench.permit(profile: profile))
    do {
      _ = try await bench.domain.api.send(call, permit: permit, for: RecordingCaller())
      #expect(denied == nil)
    } catch Failure.policy(.scopeDenied(let refused, _)) {
      #expect(refused == denied)
      #expect(bench.http.requests.isEmpty)
    }
  }

  @Test(
    arguments: [
      (.get, path, true), (.patch, path, false), (.get, "/hcmRestApi", false), (.get, "/fscmRestApi/../x", false),
      (.get, "/api/fusion-ai/orchestrator/agent/v2", false), (.get, "//elsewhere.example/", false),
      (.get, "http://elsewhere.example/", false), (.get, "", false),
    ] as [(RequestMethod, String, Bool)]
  )
  func policyIsAskedBeforeAnythingIsSigned(_ method: RequestMethod, _ path: String, _ isAllowed: Bool) async throws {
    let bench = try await bench()
    bench.http.plan(200, "")
    let profile = try Samples.profile { $0.policy.paths = [PathRule(methods: ["GET"], prefix: "/fscmRestApi")] }
    let (call, permit) = (try call(method, path), try bench.permit(profile: profile))
    do {
      _ = try await bench.domain.api.send(call, permit: permit, for: RecordingCaller())
      #expect(isAllowed)
    } catch Failure.policy(.pathDenied) {
      #expect(!isAllowed)
      #expect(bench.http.requests.isEmpty)
    }
  }

  @Test(arguments: [
    "application/vnd.oracle.adf.batch+json", "Application/VND.oracle.adf.batch+JSON",
    "application/vnd.oracle.adf.batch+json;x=y",
  ])
  func aBatchIsSentOnlyWherePathsAreNotLimited(_ type: String) async throws {
    let bench = try await bench()
    bench.http.plan(200, "")
    let batch = try APICall(
      method: .post,
      path: "/fscmRestApi/resources/11.13.18.05",
      headers: RawJSON(parsing: Array(#"{"content-type":"\#(type)"}"#.utf8)),
      content: .text("{}")
    )
    let limited = try Samples.profile { $0.policy.paths = [PathRule(methods: ["*"], prefix: "/")] }
    do {
      _ = try await bench.domain.api.send(batch, permit: bench.permit(profile: limited), for: RecordingCaller())
      Issue.record("a batch was sent")
    } catch Failure.policy(.pathDenied(_, let rule)) {
      #expect(rule.text.contains("batch"))
    }
    #expect(bench.http.requests.isEmpty)
    _ = try await bench.domain.api.send(batch, permit: bench.permit(), for: RecordingCaller())
  }

  @Test func rulesThatChangeDuringTheExchangeCount() async throws {
    let saved = try JSONWriter.encode(ProfileFile(profiles: ["dev5": Samples.profile()]))
    let policy = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["*"]}}"#.utf8))
    let bench = try await Bench(
      profileFile: InMemoryGuardedFile("/config.json", bytes: saved),
      policyFile: policy
    )
    bench.http.plan { _ in
      policy.bytes = Array(#"{"subjects":{"allow":["*"]},"paths":[]}"#.utf8)
      let grant = Samples.grant(Samples.userToken("curtis.feitty"))
      return .success(HTTPResponse(status: 200, headers: [], body: Array(grant.utf8), date: nil))
    }
    let permit = try bench.domain.authorization.permit(
      profile: "dev5",
      subject: "curtis.feitty",
      userToken: nil,
      deadline: .now
    )
    do {
      _ = try await bench.domain.api.send(call(), permit: permit, for: RecordingCaller())
      Issue.record("the request was sent")
    } catch Failure.policy(.pathDenied) {
      #expect(bench.http.requests.count == 1, "nothing went to the pod")
    }
  }

  @Test func whoHasLeftSendsNothing() async throws {
    for method in [RequestMethod.post, .patch] {
      let bench = try await bench()
      let caller = RecordingCaller()
      caller.leave()
      await #expect(throws: Failure.abandoned) {
        try await bench.domain.api.send(call(method), permit: bench.permit(), for: caller)
      }
      #expect(bench.http.requests.count == 1, "the exchange alone")
    }
  }

  // MARK: Audit

  @Test func everyCallHasItsPairWithoutTheQuery() async throws {
    let bench = try await bench()
    bench.http.plan(404, "", headers: [("x-oracle-dms-ecid", "1.2")])
    let call = try call(.get, Self.path + "?q=Secret")
    _ = try await bench.domain.api.send(call, permit: bench.permit(), for: RecordingCaller())
    let rows = bench.audit.rows.filter { $0.contains(#""operation":"callApi""#) }
    #expect(rows.count == 2)
    #expect(
      rows.allSatisfy { $0.contains(#""path":"GET \#(Self.path)""#) && $0.contains(#""subject":"curtis.feitty""#) }
    )
    #expect(!bench.audit.rows.contains { $0.contains("Secret") })
    #expect(rows.last?.contains(#""outcome":"ok""#) == true)
    #expect(rows.last?.contains(#""status":404"#) == true)
    #expect(rows.last?.contains(#""ecid":"1.2""#) == true)
  }
}
