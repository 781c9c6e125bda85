import Delegation
import JSON
import TestSupport
import Testing

@testable import Delegation

@Suite struct AuditTrailTests {
  private let audit = InMemoryAudit()
  private let wallClock = FixedWallClock(UnixTime(seconds: 1_795_558_400))
  private let clock = ManualClock()
  private let trail: AuditTrail
  private let facts = AuditFacts(profile: "dev5", subject: "curtis.feitty")
  private let full = FileFailure.system(found: "no space")

  init() {
    trail = AuditTrail(
      sink: audit,
      wallClock: wallClock,
      clock: clock,
      random: CountingRandomness(),
      kind: Samples.kind
    )
  }

  private func rows() throws -> [JSONValue] { try audit.rows.map { try JSONValue(parsing: Array($0.utf8)) } }

  @Test func theIntentIsThereWhenTheWorkBegins() async throws {
    try await trail.recording(.invokeAgent, facts, deadline: .now) { facts throws(Failure) in
      #expect(audit.rows.count == 1)
      facts.jobId = "17"
    }
    let rows = try rows()
    #expect(rows.map { $0["event"] } == ["intent", "outcome"])
    #expect(rows[0]["id"] == rows[1]["id"])
    #expect(rows[1]["outcome"] == "ok")
    #expect(rows[0]["jobId"] == nil)
    #expect(rows[1]["jobId"] == "17", "what was learnt meanwhile stands in the outcome")
  }

  @Test func aFailureIsRecordedWithItsKindAndECID() async throws {
    var refusal = TokenFailure.Refusal(kind: .invalidGrant, status: 400, clientAuthentication: .clientAssertion)
    refusal.ecid = "e-1"
    let failure = Failure.token(.refused(refusal))
    await #expect(throws: failure) {
      try await trail.recording(.exchange, facts, deadline: .now) { _ throws(Failure) in throw failure }
    }
    let outcome = try #require(try rows().last)
    #expect(outcome["outcome"] == "failed")
    #expect(outcome["ecid"] == "e-1")
  }

  @Test func withoutARowNothingIsDone() async throws {
    audit.failure = full
    await #expect(throws: Failure.audit(full, path: "/state")) {
      try await trail.recording(.exchange, facts, deadline: .now) { _ in Issue.record("it was done") }
    }
    #expect(audit.rows.isEmpty)
  }

  @Test func bestEffortGoesOn() async throws {
    audit.failure = full
    let value = try await trail.recording(.exchange, facts, .bestEffort, deadline: .now) { _ in 17 }
    #expect(value == 17)
    #expect(audit.rows.count == 2)
  }

  @Test func aDenialSaysWhoseRuleItWas() throws {
    let rule = PolicyFailure.Rule(layer: "policy file", text: #"subjects.deny "admin" matches"#)
    trail.denied("getToken", facts, .subjectDenied(rule: rule))
    let row = try #require(try rows().first)
    #expect(row["event"] == "denied")
    #expect(row["operation"] == "getToken")
    #expect(row["outcome"] == "denied")
    #expect(row["layer"] == "policy file")
    #expect(row["rule"] == .string(rule.text))
    #expect(row["subject"] == "curtis.feitty")
  }

  @Test func aDenialInTheMiddleOfARunNamesTheRun() throws {
    let run = AgentRun(agent: "PAYABLES_TEAM", jobId: "job-1", state: .running, startedAt: "", polls: 1)
    let rule = PolicyFailure.Rule(layer: "policy file", text: "agents")
    trail.denied("invokeAgent", facts, .duringRun(run, .abandoned))
    trail.denied("invokeAgent", facts, .duringRun(run, .policy(.agentDenied(agent: run.agent, rule: rule))))
    #expect(try rows().map { $0["jobId"] } == ["job-1"])
  }

  private func token(_ subject: String, scope: String = "urn:a") -> AccessToken {
    let came = ClockSetting(wallClock.now(), at: .now)
    return AccessToken(text: "secret", scope: scope, subject: subject, lifeSeconds: 1, came: came)
  }

  @Test func tokensFromMemoryAreToldOnceAMinute() async throws {
    let profile = try Samples.profile()
    for _ in 1...3 { trail.used(token("curtis.feitty"), profile: profile) }
    trail.used(token("curtis.feitty", scope: "urn:b"), profile: profile)
    trail.used(token("somebody"), profile: profile)
    #expect(audit.rows.isEmpty)
    wallClock.advance(bySeconds: 60)
    trail.used(token("curtis.feitty"), profile: profile)
    let counts = Dictionary(
      uniqueKeysWithValues: try rows().map { row in
        ("\(try #require(row["subject"])) \(try #require(row["scope"]))", try #require(row["count"]))
      }
    )
    #expect(Set(counts.values) == [.number(JSONNumber(3)), .number(JSONNumber(1))])
    #expect(counts.count == 3)
    #expect(try rows().allSatisfy { $0["minute"] == "2026-11-24T22:13:00Z" && $0["event"] == "used" })
  }

  /// 22:13:20: the minute ends in 40 seconds.
  @Test func theLastMinuteIsToldThoughNobodyAsks() async throws {
    let profile = try Samples.profile()
    trail.used(token("curtis.feitty"), profile: profile)
    await clock.sleepers(atLeast: 1)
    clock.advance(by: .seconds(39))
    #expect(audit.rows.isEmpty)
    clock.advance(by: .seconds(1))
    await audit.rows(atLeast: 1)
    #expect(try rows().first?["count"] == .number(JSONNumber(1)))
  }

  @Test func whatIsCountedIsToldAtTheEnd() async throws {
    trail.used(token("curtis.feitty"), profile: try Samples.profile())
    trail.tellUses()
    trail.tellUses()
    #expect(audit.rows.count == 1)
  }
}
