import JSON
import TestSupport
import Testing

@testable import Delegation

struct RequestExportTests {
  private static let invocation = AgentInvocation(agent: "PAYABLES_TEAM", message: "Compare \"A\" and 'B'")

  private func export(
    _ bench: Bench,
    _ permit: Authorization.Permit,
    _ invocation: AgentInvocation? = Self.invocation,
    secrets: Bool = false
  ) async throws(Failure) -> ExportedCall {
    try await RequestExport(mint: bench.mint)
      .export(invocation, permit: permit, includingSecrets: secrets, deadline: .now + .seconds(60))
  }

  /// The three requests are those that the services would send, but for what is not known yet.
  @Test func requestsAreThoseThatAreSent() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(202, #"{"jobId":"job-1","status":"RUNNING"}"#)
    let permit = try bench.permit()
    let run = try await bench.agents.invoke(Self.invocation, permit: permit, wait: false, for: RecordingCaller())
    bench.http.plan(200, #"{"status":"COMPLETE"}"#)
    _ = try await bench.agents.run(
      agent: run.agent,
      jobId: run.jobId,
      permit: permit,
      wait: false,
      for: RecordingCaller()
    )
    let sent = bench.http.requests
    let exported = try await export(bench, permit).requests
    let run3 = try #require(exported.run)
    for (made, sent) in zip([exported.token, run3.invoke, run3.status], sent) {
      #expect(made.method == sent.method)
      #expect(made.origin == sent.origin)
      #expect(made.target.replacing("{{jobId}}", with: "job-1") == sent.target)
      #expect(made.headers.map(\.name) == sent.headers.map(\.name))
      #expect(made.plainHeaders.map(\.value) == sent.plainHeaders.map(\.value))
    }
    #expect(run3.invoke.body == sent[1].body)
    #expect(sent.count == 3)
  }

  @Test func withoutSecretsNothingIsSigned() async throws {
    let bench = try await Bench()
    let rows = bench.audit.rows.count
    let call = try await export(bench, bench.permit())
    #expect(call.expiresAt == nil)
    #expect(try !call.curl().contains("signed:"))
    #expect(bench.audit.rows.count == rows)
  }

  @Test func withSecretsBothAssertionsAreSignedAndRecorded() async throws {
    let bench = try await Bench()
    let rows = bench.audit.rows.count
    let call = try await export(bench, bench.permit(), secrets: true)
    #expect(call.assertions.count == 2)
    #expect(call.expiresAt != nil)
    #expect(bench.audit.rows.count == rows + 4)
  }

  @Test func theUsersOwnTokenStaysWithTheUser() async throws {
    let bench = try await Bench()
    let token = Samples.token(["sub": "curtis.feitty"])
    let call = try await export(bench, bench.permit(userToken: token), secrets: true)
    #expect(call.assertions.count == 1)
    #expect(try !call.curl().contains(token))
    let (collection, environment) = try call.postman()
    #expect(!String(decoding: collection.serialized() + environment.serialized(), as: UTF8.self).contains(token))
  }

  @Test(arguments: [true, false]) func whoIsHeldToSomeAgentsGetsNoAssertions(_ isRaw: Bool) async throws {
    let bench = try await Bench()
    let profile = try Samples.profile { profile in
      profile.policy.agents = [Pattern("PAYABLES_*")]
      profile.policy.rawCredentials = isRaw
    }
    let permit = try bench.permit(profile: profile)
    _ = try await export(bench, permit)
    if isRaw {
      _ = try await export(bench, permit, secrets: true)
    } else {
      let rows = bench.audit.rows.count
      await #expect(throws: Failure.self) { try await export(bench, permit, secrets: true) }
      #expect(bench.audit.rows.count == rows, "nothing was signed")
    }
    await #expect(throws: Failure.self) {
      try await export(bench, permit, AgentInvocation(agent: "HR_TEAM", message: "Hello"))
    }
  }

  @Test func behindTheLockNothingIsSigned() async throws {
    let bench = try await Bench()
    let permit = try bench.permit()
    await bench.domain.lock()
    _ = try await export(bench, permit)
    await #expect(throws: Failure.policy(.locked)) { try await export(bench, permit, secrets: true) }
  }

  /// Two opening braces that meet are what Postman looks for.
  @Test(arguments: ["{{a}}", "{{{a}}}", "{{{{a}}}}", "{", "{ {", "{{", "\\{{", "\"{{"])
  func noMessageHoldsAVariable(_ message: String) async throws {
    let bench = try await Bench()
    let call = try await export(bench, bench.permit(), AgentInvocation(agent: "A", message: message))
    let collection = try call.postman().collection
    guard case .array(let items)? = collection["item"], case .string(let raw)? = items[1]["request"]?["body"]?["raw"]
    else { return #expect(Bool(false), "there is no body") }
    #expect(!raw.utf8.elementsEqual("".utf8))
    #expect(!raw.contains("{{"))
    #expect(try JSONValue(parsing: Array(raw.utf8))["message"] == .string(message))
  }

  @Test func everyWordOfAStateIsKnownOnce() {
    let words = AgentRun.State.allCases.flatMap(\.words)
    #expect(Set(words).count == words.count)
    #expect(words.allSatisfy { $0 == $0.uppercased() })
  }
}
