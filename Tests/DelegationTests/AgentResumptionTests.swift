import Delegation
import JSON
import TestSupport
import Testing

/// A run that waits for a person is told what they answered, once, and as them.
struct AgentResumptionTests {
  private static let question =
    #"{"jobId":"job-1","conversationId":"conv-1","status":"WAITING","output":"Pay 12.50?","#
    + #""pausedNode":"APPROVE"}"#

  private func resumption(_ reply: AgentResumption.Reply, jobId: String? = "job-1") -> AgentResumption {
    AgentResumption(agent: "PAYABLES_TEAM", conversationId: "conv-1", jobId: jobId, reply: reply)
  }

  private func nodeInput(_ text: String) throws -> AgentResumption.Reply {
    .nodeInput(try RawJSON(parsing: Array(text.utf8)))
  }

  private func planToken(_ bench: Bench) { bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty"))) }

  private func body(_ request: HTTPRequest) -> String { String(decoding: request.body ?? [], as: UTF8.self) }

  @Test func whatAPersonIsAskedIsTold() async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(200, Self.question)
    let run = try await bench.agents.run(
      agent: "PAYABLES_TEAM",
      jobId: "job-1",
      permit: bench.permit(),
      wait: true,
      for: RecordingCaller()
    )
    #expect(run.state == .waiting)
    #expect(run.waitingFor == AgentRun.WaitingFor(node: "APPROVE", message: "Pay 12.50?"))
    #expect(bench.http.isExhausted, "it is answered at once")
  }

  @Test func aMessageIsSentInTheConversation() async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(200, Self.question)
    bench.http.plan(202, #"{"jobId":"job-2","conversationId":"conv-1","status":"RUNNING"}"#)
    let caller = RecordingCaller()
    let run = try await bench.agents.resume(
      resumption(.message("Yes")),
      permit: bench.permit(),
      wait: false,
      for: caller
    )
    #expect(run.jobId == "job-2")
    #expect(caller.commits == 1)
    #expect(caller.detailOnLeaving?["jobId"] == "job-2")
    #expect(
      body(bench.http.requests[2])
        == #"{"conversational":true,"conversationId":"conv-1","message":"Yes","status":"PUBLISHED","#
        + #""invocationMode":"END_USER"}"#
    )
    let rows = bench.audit.rows.filter { $0.contains(#""operation":"resumeAgent""#) }
    #expect(rows.count == 2)
    #expect(rows.last?.contains(#""jobId":"job-2""#) == true)
    #expect(bench.http.isExhausted)
  }

  @Test func aConversationGoesOnAsItWasInvoked() async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(202, Self.question)
    bench.http.plan(202, #"{"jobId":"job-2","conversationId":"conv-1","status":"RUNNING"}"#)
    let invocation = AgentInvocation(agent: "PAYABLES_TEAM", message: "Pay", invocationMode: "ADMIN")
    _ = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: false, for: RecordingCaller())
    _ = try await bench.agents.resume(
      resumption(.message("Yes"), jobId: nil),
      permit: bench.permit(),
      wait: false,
      for: RecordingCaller()
    )
    #expect(body(bench.http.requests[2]).hasSuffix(#""invocationMode":"ADMIN"}"#))
  }

  @Test func anInputForTheNodeKeepsItsDigits() async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(200, Self.question)
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    let reply = try nodeInput(#"{"amount":12345678901234567.890,"approved":true}"#)
    let run = try await bench.agents.resume(
      resumption(reply),
      permit: bench.permit(),
      wait: false,
      for: RecordingCaller()
    )
    #expect(run.jobId == "job-1", "the run itself goes on")
    #expect(
      body(bench.http.requests[2])
        == #"{"conversational":true,"conversationId":"conv-1","jobId":"job-1","#
        + #""resumeNodeInput":{"amount":12345678901234567.890,"approved":true},"status":"PUBLISHED","#
        + #""invocationMode":"END_USER"}"#
    )
  }

  @Test(
    arguments: [
      (#"{"status":"RUNNING"}"#, .running), (#"{"status":"COMPLETE","output":"done"}"#, .complete),
      (#"{"status":"FAILED","error":"Nobody answered."}"#, .failed),
    ] as [(String, AgentRun.State)]
  )
  func aRunThatDoesNotWaitIsNotAnswered(_ status: String, _ state: AgentRun.State) async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(200, status)
    let caller = RecordingCaller()
    do {
      _ = try await bench.agents.resume(resumption(.message("Yes")), permit: bench.permit(), wait: true, for: caller)
      Issue.record("answered")
    } catch Failure.fusion(.notWaiting(let run)) {
      #expect(run.state == state)
      #expect(run.jobId == "job-1")
    }
    #expect(caller.commits == 0)
    #expect(bench.http.isExhausted)
  }

  @Test func anotherConversationThanThatOfTheJobIsRefused() async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(200, #"{"conversationId":"conv-9","status":"WAITING"}"#)
    await #expect(throws: Failure.params(ParamsFailure("conversationId", "is not the one of this job"))) {
      try await bench.agents.resume(
        resumption(.message("Yes")),
        permit: bench.permit(),
        wait: true,
        for: RecordingCaller()
      )
    }
    #expect(bench.http.isExhausted)
  }

  /// Between our look and the answer somebody else may have answered.
  @Test func theNodeMayHaveBeenAnsweredMeanwhile() async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(200, Self.question)
    bench.http.plan(409, "", headers: [("x-oracle-dms-ecid", "1.2")])
    do {
      _ = try await bench.agents.resume(
        resumption(try nodeInput("{}")),
        permit: bench.permit(),
        wait: true,
        for: RecordingCaller()
      )
      Issue.record("answered twice")
    } catch Failure.fusion(.refused(let refusal)) {
      #expect(refusal.kind == .notWaiting)
      #expect(refusal.ecid == "1.2")
    }
  }

  @Test func withoutAJobNothingIsLookedAtFirst() async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(403, #"{"o:errorCode":"FAI-40300"}"#)
    do {
      _ = try await bench.agents.resume(
        resumption(.message("Yes"), jobId: nil),
        permit: bench.permit(),
        wait: true,
        for: RecordingCaller()
      )
      Issue.record("who may not approve did")
    } catch Failure.fusion(.refused(let refusal)) {
      #expect(refusal.kind == .agentForbidden)
      #expect(refusal.what == "conversation conv-1 of agent PAYABLES_TEAM")
    }
    #expect(bench.http.requests.count == 2)
  }

  /// It acts, so a profile that only reads does not do it.
  @Test func whoOnlyReadsAnswersNobodysQuestion() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile { $0.policy.readOnly = true }
    do {
      _ = try await bench.agents.resume(
        resumption(.message("Yes")),
        permit: bench.permit(profile: profile),
        wait: true,
        for: RecordingCaller()
      )
      Issue.record("answered")
    } catch Failure.policy(.agentDenied) {
      #expect(bench.http.requests.isEmpty)
    }
  }
}
