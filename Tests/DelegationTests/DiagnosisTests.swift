import Delegation
import JSON
import Synchronization
import TestSupport
import Testing

struct DiagnosisTests {
  private let request = Diagnosis.Request(profile: nil, subject: "curtis.feitty", userToken: nil, online: true)

  @Test func everythingWorks() async throws {
    let bench = try await Bench()
    bench.planAll()
    let checks = try await bench.diagnose()
    #expect(checks.map(\.id) == Check.ID.allCases)
    #expect(checks.filter { $0.status != .pass } == [])
    #expect(checks.filter { $0.ecid != nil }.map(\.id) == [.discovery, .agent])
    #expect(bench.store.names(of: .trial, deadline: .now).isEmpty)
    #expect(
      bench.http.requests.map { "\($0.method.rawValue) \($0.origin.host) \($0.target)" } == [
        "GET idcs-1.identity.oraclecloud.com /.well-known/openid-configuration",
        "POST idcs-1.identity.oraclecloud.com /oauth2/v1/token",
        "POST idcs-1.identity.oraclecloud.com /oauth2/v1/token",
        "HEAD pod.fa.us6.oraclecloud.com /",
        "GET pod.fa.us6.oraclecloud.com /api/fusion-ai/orchestrator/a2a/v1/PAYABLES_TEAM/.well-known/agent.json",
      ]
    )
    let credentialed = bench.http.requests.map { request in request.headers.contains { $0.name == "Authorization" } }
    #expect(credentialed == [false, false, false, false, true])
  }

  @Test func almostEverythingIsBroken() async throws {
    let bench = try await Bench()
    let checks = await bench.diagnosis(profiles: try await .holding(nil), store: BrokenStore()).run(
      .all,
      deadline: .now
    ).checks
    #expect(
      checks.statuses == ["configuration fail", "store fail"]
        + Check.ID.allCases.dropFirst(2).map { "\($0.rawValue) skip" }
    )
    #expect(checks.filter { $0.status == .fail }.allSatisfy { $0.hint == "mend it" })
    #expect(checks.last?.summary == "Not tried: the check configuration comes first, and it failed.")
    #expect(bench.http.requests.isEmpty && bench.probe.places.isEmpty)
  }

  // MARK: What waits for what

  /// One thing that goes wrong, and all that is not tried for it.
  struct Dependence: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var domain: ConnectionReport.Problem?
    var pod: ConnectionReport.Problem?
    var discovery: Int?
    let failed: [Check.ID]
    let skipped: [Check.ID]
  }

  static let dependences = [
    Dependence(
      testDescription: "dns of the domain",
      domain: .init(.lookup, .timedOut),
      failed: [.dns],
      skipped: [.tcp, .tls, .discovery, .clock, .client, .token, .fidelity, .agent]
    ),
    Dependence(
      testDescription: "tcp of the domain",
      domain: .init(.connect, .failed(found: "Connection refused")),
      failed: [.tcp],
      skipped: [.tls, .discovery, .clock, .client, .token, .fidelity, .agent]
    ),
    Dependence(
      testDescription: "the proxy refuses",
      domain: .init(.tunnel, .refused(status: 407)),
      failed: [.proxy],
      skipped: [.tls, .discovery, .clock, .client, .token, .fidelity, .agent]
    ),
    Dependence(
      testDescription: "the proxy is no URL",
      domain: .init(.settings, .failed(found: "x")),
      failed: [.proxy],
      skipped: [.dns, .tcp, .tls, .discovery, .clock, .client, .token, .fidelity, .agent]
    ),
    Dependence(
      testDescription: "tls of the domain",
      domain: .init(.tls, .failed(found: "x")),
      failed: [.tls],
      skipped: [.discovery, .clock, .client, .token, .fidelity, .agent]
    ),
    Dependence(
      testDescription: "a login page",
      discovery: 302,
      failed: [.discovery],
      skipped: [.clock, .client, .token, .fidelity, .agent]
    ),
    Dependence(
      testDescription: "dns of the pod",
      pod: .init(.lookup, .failed(found: "x")),
      failed: [.fusion],
      skipped: [.agent]
    ),
  ]

  @Test(arguments: dependences) func whatNeedsWhatFailedIsSkipped(_ row: Dependence) async throws {
    let bench = try await Bench()
    bench.probe.plan("idcs-1.identity.oraclecloud.com") { $0.problem = row.domain }
    bench.probe.plan("pod.fa.us6.oraclecloud.com") { $0.problem = row.pod }
    if row.domain == nil {
      bench.http.plan(row.discovery ?? 200, Bench.discovery, date: bench.wallClock.now())
      if row.discovery == nil {
        bench.http.plan(200, Samples.grant("client-token"))
        bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
      }
    }
    if row.pod == nil { bench.http.plan(302, "") }
    let checks = try await bench.diagnose()
    #expect(checks.map(\.id) == Check.ID.allCases)
    #expect(checks.filter { $0.status == .fail }.map(\.id) == row.failed)
    let skipped = checks.filter { $0.status == .skip }
    #expect(skipped.map(\.id) == row.skipped)
    let cause = try #require(row.failed.first?.rawValue)
    #expect(skipped.allSatisfy { $0.summary == "Not tried: the check \(cause) comes first, and it failed." })
    #expect(bench.http.isExhausted)
  }

  @Test func theLooksGoWhereAndAsTheProfileSays() async throws {
    let bench = try await Bench()
    bench.planAll()
    _ = try await bench.diagnose() { profile in
      profile.caFile = "/etc/ca.pem"
      profile.proxy = "http://proxy.example:3128"
    }
    #expect(
      Set(bench.probe.places.map(\.origin.host)) == ["idcs-1.identity.oraclecloud.com", "pod.fa.us6.oraclecloud.com"]
    )
    #expect(bench.probe.places.allSatisfy { $0.caFile == "/etc/ca.pem" && $0.proxy == "http://proxy.example:3128" })
    #expect(bench.http.requests.allSatisfy { $0.caFile == "/etc/ca.pem" && $0.proxy == "http://proxy.example:3128" })
  }

  @Test func whatNobodyWaitsForStops() async throws {
    let bench = try await Bench()
    let task = Mutex<Task<[Check], any Error>?>(nil)
    bench.http.plan { _ in
      task.withLock { $0?.cancel() }
      return .failure(.cancelled(requestSent: true))
    }
    let isReady = Barrier(2)
    let started = Task {
      isReady.arriveAndWait()
      return try await bench.diagnose()
    }
    task.withLock { $0 = started }
    isReady.arriveAndWait()
    let checks = try await started.value
    #expect(bench.http.requests.count == 1)
    #expect(bench.audit.rows.allSatisfy { !$0.contains(#""operation":"exchange""#) })
    #expect(checks.map(\.id) == Check.ID.allCases)
  }

  // MARK: The clock

  @Test(arguments: [
    (0, "pass"), (59, "pass"), (90, "warn"), (-90, "warn"), (900, "warn"), (-900, "warn"), (1801, "fail"),
    (-10_800, "fail"),
  ])
  func theClocksAreCompared(_ offset: Int64, _ status: String) async throws {
    let bench = try await Bench()
    bench.planAll(clockOffset: offset)
    let checks = try await bench.diagnose()
    #expect(checks[.clock]?.status.rawValue == status)
    #expect(checks[.client]?.status.rawValue == (status == "fail" ? "skip" : "pass"))
  }

  // MARK: The token

  /// A token that came and is not what was asked for is no failure of the exchange.
  @Test(arguments: [
    Samples.userToken("ap.clerk"), Samples.userToken("curtis.feitty", scope: "other"), "opaque",
    Samples.token(["tok_type": "AT", "sub_type": "client", "sub": "curtis.feitty"]),
  ])
  func aTokenThatIsNotTheUserIsExplained(_ token: String) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Bench.discovery, date: bench.wallClock.now())
    bench.http.plan(200, Samples.grant("client-token"))
    bench.http.plan(200, Samples.grant(token))
    bench.http.plan(302, "")
    let checks = try await bench.diagnose()
    #expect(
      Array(checks.statuses.suffix(4)) == ["token pass", "fidelity fail", "fusion pass", "agent skip"]
    )
  }

  @Test func aTokenThatCannotBeReadIsSaidToBeOne() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Bench.discovery, date: bench.wallClock.now())
    bench.http.plan(200, Samples.grant("client-token"))
    bench.http.plan(200, Samples.grant("opaque"))
    bench.http.plan(302, "")
    bench.http.plan(200, Bench.card)
    let checks = try await bench.diagnose() { $0.opaqueTokens = .accept }
    #expect(
      Array(checks.statuses.suffix(4)) == ["token pass", "fidelity warn", "fusion pass", "agent pass"]
    )
  }

  /// A domain may give a client no token of its own, and yet one of users.
  @Test func aRefusedClientDoesNotKeepTheUserFromBeingTried() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Bench.discovery, date: bench.wallClock.now())
    bench.http.plan(401, #"{"error":"unauthorized_client","ecid":"1.client"}"#)
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(302, "")
    bench.http.plan(200, Bench.card)
    let checks = try await bench.diagnose()
    #expect(checks.first { $0.status == .fail }?.id == .client)
    #expect(checks[.client]?.ecid == "1.client")
    #expect(checks.filter { $0.status == .fail }.count == 1)
  }

  // MARK: The pod and the agent

  @Test func withoutAUserOrAnAgentTheyAreNotTried() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Bench.discovery, date: bench.wallClock.now())
    bench.http.plan(200, Samples.grant("client-token"))
    bench.http.plan(302, "")
    let nobody = Diagnosis.Request(profile: nil, subject: nil, userToken: nil, online: true)
    let checks = try await bench.diagnose(nobody)
    #expect(Array(checks.statuses.suffix(4)) == ["token skip", "fidelity skip", "fusion pass", "agent skip"])
    #expect(checks.suffix(4).filter { $0.status == .skip }.allSatisfy { $0.hint?.hasPrefix("Name one in ") == true })
  }

  @Test func offlineAsksNobody() async throws {
    let bench = try await Bench()
    var offline = request
    offline.online = false
    let checks = await bench.diagnosis(profiles: try await .holding(Samples.profile())).run(
      offline,
      deadline: .now + .seconds(9)
    ).checks
    #expect(checks.suffix(11).allSatisfy { $0.status == .skip && $0.summary == "Not tried: online is false." })
    #expect(bench.http.requests.isEmpty && bench.probe.places.isEmpty)
  }

  @Test(arguments: [(0, "pass"), (90_000_000, "pass"), (98_000_000, "warn"), (200_000_000, "warn")])
  func theCertificatesEndIsWatched(_ seconds: Int64, _ status: String) async throws {
    let bench = try await Bench()
    bench.wallClock.advance(bySeconds: seconds)
    var offline = request
    offline.online = false
    let checks = await bench.diagnosis(profiles: try await .holding(Samples.profile())).run(
      offline,
      deadline: .now + .seconds(9)
    ).checks
    #expect(checks[.certificate]?.status.rawValue == status)
  }
}

/// A store that is not there.
private struct BrokenStore: SecretStore {
  let name = "broken"
  private let failure = StoreFailure.unavailable(.noBus, found: "no bus")

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> SecretBytes? {
    throw failure
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) { throw failure }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> Bool {
    throw failure
  }

  func names(
    of kind: SecretItem.Kind,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) -> [String] { throw failure }
}
