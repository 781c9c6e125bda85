import JSON
import TestSupport
import Testing

@testable import Delegation

/// Finding agents: the pages of the registry, what policy leaves of them, and the card of one.
struct AgentRegistryTests {
  private static let agents = "/api/fusion-ai/orchestrator/a2a/v1"

  private func bench(profileFile: InMemoryGuardedFile = InMemoryGuardedFile("/config.json")) async throws -> Bench {
    let bench = try await Bench(profileFile: profileFile)
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    return bench
  }

  private func page(_ codes: [String], total: Int? = nil, more: String = "") -> String {
    let entries = codes.map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
    return #"{"registry_version":"1.0","resources":[\#(entries)\#(more)],"total_count":\#(total ?? codes.count)}"#
  }

  private func codes(_ range: Range<Int>) -> [String] { range.map { "TEAM_\($0)" } }

  private func list(
    _ bench: Bench,
    _ query: String? = nil,
    profile: Profile? = nil
  ) async throws -> AgentRegistry.List {
    let permit = try bench.permit(profile: profile)
    return try await bench.domain.registry.agents(matching: query, permit: permit, for: RecordingCaller())
  }

  /// Lets the pause before the next attempt pass. The other sleeper is the key ring, which waits for idle keys.
  private func passPause(_ bench: Bench) async {
    await bench.clock.sleepers(atLeast: 2)
    bench.clock.advance(by: .seconds(3))
  }

  // MARK: The registry

  @Test func oneSearchAsTheUser() async throws {
    let bench = try await bench()
    bench.http.plan(200, page(["PAYABLES_TEAM", "HR_TEAM"]))
    let list = try await list(bench, "te\"am")
    #expect(list.agents.map(\.agent) == ["PAYABLES_TEAM", "HR_TEAM"])
    #expect(!list.truncated && list.omitted == 0)
    let request = try #require(bench.http.requests.last)
    #expect(request.method == .post)
    #expect(request.origin.text == "https://pod.fa.us6.oraclecloud.com")
    #expect(request.target == "\(Self.agents)/agents/search")
    #expect(String(decoding: request.body ?? [], as: UTF8.self) == #"{"skip":0,"top":100,"query":"te\"am"}"#)
    #expect(
      request.headers.map { "\($0.name): \($0.value)" } == [
        "Accept: application/json", "Content-Type: application/json",
        "Authorization: Bearer \(Samples.userToken("curtis.feitty"))",
      ]
    )
    #expect(request.maximumResponseBytes == 4 << 20)
  }

  @Test(arguments: [nil, ""]) func withoutAQueryAllAreListed(_ query: String?) async throws {
    let bench = try await bench()
    bench.http.plan(200, page([]))
    _ = try await list(bench, query)
    #expect(String(decoding: bench.http.requests[1].body ?? [], as: UTF8.self) == #"{"skip":0,"top":100}"#)
  }

  @Test(arguments: [
    #"[{"id":"A"},{"id":"B"}]"#, #"{"agents":[{"id":"A"},{"id":"B"}]}"#, #"{"items":[{"id":"A"},{"id":"B"}]}"#,
    #"{"resources":null,"results":[{"id":"A"},{"id":"B"}]}"#,
  ])
  func otherListsAreUnderstood(_ answer: String) async throws {
    let bench = try await bench()
    bench.http.plan(200, answer)
    #expect(try await list(bench).agents.map(\.agent) == ["A", "B"])
  }

  @Test(arguments: ["", "{}", "<html>", "7", "null", #"{"resources":{}}"#, #"{"resources":[]"#, #""A""#])
  func whatIsNoListIsAnError(_ answer: String) async throws {
    let bench = try await bench()
    bench.http.plan(200, answer)
    await #expect(throws: Self.malformed("an answer that is not a list of agents")) { try await list(bench) }
  }

  @Test func whatNamesNoAgentIsCounted() async throws {
    let bench = try await bench()
    bench.http.plan(200, page(["A", "A", "B"], more: #",{"name":"People"},{"id":"hr"},7"#))
    let list = try await list(bench)
    #expect(list.agents.map(\.agent) == ["A", "B"])
    #expect(list.omitted == 3)
  }

  @Test(
    arguments: [
      // How many entries the pages have and say there are; how many pages are read, agents found, whether more is there.
      ([(100, 230), (100, 230), (30, 230)], 3, 230, false),
      ([(100, 100), (100, 100), (30, 30)], 3, 230, false),
      ([(100, 100), (0, 0)], 2, 100, false),
      ([(230, 230)], 1, 230, false),
      ([(25, 60), (25, 60), (10, 60)], 3, 60, false),
      ([(25, 60), (0, 60)], 2, 25, true),
      ([(0, 60)], 1, 0, true),
      (Array(repeating: (1, 99_999), count: 50), 50, 50, true),
      (Array(repeating: (100, 100), count: 20), 20, 2000, true),
      ([(3000, 3000)], 1, 2000, true),
    ] as [([(count: Int, total: Int)], Int, Int, Bool)]
  )
  func pagesAreReadToTheEndOrTheBound(
    _ pages: [(count: Int, total: Int)],
    _ read: Int,
    _ found: Int,
    _ truncated: Bool
  ) async throws {
    let bench = try await bench()
    var next = 0
    for (count, total) in pages {
      bench.http.plan(200, page(codes(next..<(next + count)), total: total))
      next += count
    }
    let list = try await list(bench)
    #expect(bench.http.requests.count == 1 + read)
    #expect(list.agents.count == found)
    let asListed = list.agents.map(\.agent) == codes(0..<found)
    #expect(asListed)
    #expect(list.truncated == truncated)
  }

  @Test func whatWasNotReadIsTold() async throws {
    let bench = try await bench()
    bench.http.plan(200, page(Array(repeating: "A", count: 2001) + ["B"]))
    let list = try await list(bench)
    #expect(list.agents.map(\.agent) == ["A"])
    #expect(list.truncated)
  }

  @Test func aPodThatIgnoresPagesIsAskedTwiceAtMost() async throws {
    let bench = try await bench()
    for _ in 0..<2 { bench.http.plan(200, page(codes(0..<99), total: 100, more: #",{"id":"no code"}"#)) }
    let plain = try await list(bench)
    #expect((plain.agents.count, plain.omitted, plain.truncated) == (99, 1, false))

    let full = try await self.bench()
    for _ in 0..<2 { full.http.plan(200, page(codes(0..<100), total: 400)) }
    let list = try await list(full)
    #expect(list.agents.count == 100)
    #expect(list.truncated, "the pod says that there are more")
    #expect(full.http.isExhausted)
  }

  @Test(arguments: [
    (404, FusionFailure.Refusal.Kind.noRegistry), (400, .searchRefused), (403, .forbidden), (500, .other),
    (409, .other),
  ])
  func aRefusalSaysWhatItMeans(_ status: Int, _ kind: FusionFailure.Refusal.Kind) async throws {
    let bench = try await bench()
    bench.http.plan(status, "")
    let refusal = FusionFailure.Refusal(kind: kind, status: status, what: "the registry of agents")
    await #expect(throws: Failure.fusion(.refused(refusal))) { try await list(bench) }
    #expect(bench.http.requests.count == 2)
  }

  @Test(arguments: [503, nil]) func aPageIsAskedForAgain(_ status: Int?) async throws {
    let bench = try await bench()
    if let status {
      bench.http.plan(status, "")
    } else {
      bench.http.plan(.broken(found: "reset", requestSent: true))
    }
    bench.http.plan(200, page(["A"]))
    async let found = list(bench)
    await passPause(bench)
    #expect(try await found.agents.map(\.agent) == ["A"])
    #expect(bench.http.isExhausted)
  }

  @Test func aSearchThatWasCutOffMayBeRepeated() async throws {
    let bench = try await bench()
    for _ in 0..<4 { bench.http.plan(.broken(found: "reset", requestSent: true)) }
    async let found = list(bench)
    for _ in 0..<3 { await passPause(bench) }
    do {
      _ = try await found
      Issue.record("there was no answer")
    } catch Failure.network(let failure) { #expect(failure.isRepeatable) }
  }

  // MARK: Policy

  @Test func whatARuleDeniesIsNotListed() async throws {
    let bench = try await bench()
    bench.http.plan(200, page(["PAYABLES_TEAM", "HR_TEAM", "PAYABLES_2"]))
    let profile = try Samples.profile { $0.policy.agents = ["PAYABLES_*"] }
    let list = try await list(bench, profile: profile)
    #expect(list.agents.map(\.agent) == ["PAYABLES_TEAM", "PAYABLES_2"])
    #expect(list.omitted == 0, "who is denied is not told how many there are")
  }

  @Test func everyLayerIsAsked() async throws {
    let bench = try await bench()
    bench.http.plan(200, page(["PAYABLES_TEAM", "HR_TEAM"]))
    let file = InMemoryGuardedFile(
      "/policy.json",
      bytes: Array(#"{"subjects":{"allow":["*"]},"agents":["HR_*"],"rawCredentials":true}"#.utf8)
    )
    let permit = try bench.permit(policy: PolicyBook(file: file))
    let list = try await bench.domain.registry.agents(matching: nil, permit: permit, for: RecordingCaller())
    #expect(list.agents.map(\.agent) == ["HR_TEAM"])
  }

  @Test func whoOnlyReadsMayLook() async throws {
    let bench = try await bench()
    bench.http.plan(200, page(["HR_TEAM"]))
    bench.http.plan(200, #"{"name":"People"}"#)
    let profile = try Samples.profile { $0.policy.readOnly = true }
    #expect(try await list(bench, profile: profile).agents.count == 1)
    let permit = try bench.permit(profile: profile)
    let card = try await bench.domain.registry.card(of: "HR_TEAM", permit: permit, for: RecordingCaller())
    #expect(card.value["name"] == "People")
  }

  // MARK: Cards

  @Test func aCardIsAsThePodWroteIt() async throws {
    let bench = try await bench()
    bench.http.plan(
      200,
      #"{ "name": "a\u0000b", "url": "https://elsewhere.example/", "n": 1.50, "n": 12345678901234567890 }"#
    )
    let card = try await bench.domain.registry.card(of: "HR_TEAM", permit: bench.permit(), for: RecordingCaller())
    #expect(
      String(decoding: card.bytes, as: UTF8.self)
        == #"{"name":"a\u0000b","url":"https://elsewhere.example/","n":1.50,"n":12345678901234567890}"#
    )
    let request = try #require(bench.http.requests.last)
    #expect(request.method == .get)
    #expect(request.target == "\(Self.agents)/HR_TEAM/.well-known/agent.json")
    #expect(request.maximumResponseBytes == 1 << 20)
    #expect(bench.http.requests.count == 2, "where it leads is not called")
  }

  @Test func aDeniedCardIsNotAskedFor() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile { $0.policy.agents = ["PAYABLES_*"] }
    do {
      let permit = try bench.permit(profile: profile)
      _ = try await bench.domain.registry.card(of: "HR_TEAM", permit: permit, for: RecordingCaller())
      Issue.record("a card that policy denies was answered")
    } catch Failure.policy(.agentDenied(let agent, _)) { #expect(agent == "HR_TEAM") }
    #expect(bench.http.requests.isEmpty)
  }

  @Test(arguments: [
    (404, "", Failure.fusion(.refused(FusionFailure.Refusal(kind: .noCard, status: 404, what: "HR_TEAM")))),
    (403, "", .fusion(.refused(FusionFailure.Refusal(kind: .forbidden, status: 403, what: "HR_TEAM")))),
    (200, "[]", Self.noCard), (200, "<html>", Self.noCard), (200, "", Self.noCard), (200, #"{"a":1}{}"#, Self.noCard),
    (200, #"{"a":"# + String(repeating: "[", count: 125) + String(repeating: "]", count: 125) + "}", Self.noCard),
  ])
  func whatIsNoCardIsAnError(_ status: Int, _ body: String, _ failure: Failure) async throws {
    let bench = try await bench()
    bench.http.plan(status, body)
    await #expect(throws: failure) {
      try await bench.domain.registry.card(of: "HR_TEAM", permit: bench.permit(), for: RecordingCaller())
    }
  }

  private static let noCard = malformed("an answer that is not an agent card")

  private static func malformed(_ found: String) -> Failure {
    .network(NetworkFailure(.pod, server: "https://pod.fa.us6.oraclecloud.com", problem: .malformed(found: found)))
  }
}
