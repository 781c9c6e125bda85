import Delegation
import JSON
import TestSupport
import Testing

struct AgentServiceTests {
  private let invocation = AgentInvocation(agent: "PAYABLES_TEAM", message: "Compare \"A\"")

  /// Plans the token and the first answer of the pod.
  private func started(_ bench: Bench) {
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(202, #"{"jobId":"job-1","conversationId":"conv-1","status":"RUNNING"}"#)
  }

  /// Lets the next pause between two polls pass. The other sleeper is the key ring, which waits for idle keys.
  private func passPause(_ bench: Bench) async {
    await bench.clock.sleepers(atLeast: 2)
    bench.clock.advance(by: .seconds(6))
  }

  @Test func invokesPollsAndEnds() async throws {
    let bench = try await Bench()
    started(bench)
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    bench.http.plan(200, #"{"status":"COMPLETE","output":"12345678901234567.89 was paid","conversationId":"conv-2"}"#)
    let caller = RecordingCaller()
    let permit = try bench.permit()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, for: caller)
    for _ in 0..<2 { await passPause(bench) }
    let run = try await answer
    #expect(run.state == .complete)
    #expect(run.jobId == "job-1")
    #expect(run.conversationId == "conv-2", "the last conversation id counts")
    #expect(run.output == "12345678901234567.89 was paid")
    #expect(run.polls == 2)
    #expect(run.finishedAt != nil)
    #expect(caller.commits == 1)
    #expect(!caller.isCommitted)
    #expect(caller.detailOnLeaving?["jobId"] == "job-1", "who has left meanwhile is told of the run")
    #expect(caller.detailOnLeaving?["state"] == "detached")

    let requests = bench.http.requests
    #expect(requests[2].deadline <= bench.clock.now + .seconds(30), "a silent pod is asked again")
    #expect(requests.map { $0.method.rawValue } == ["POST", "POST", "GET", "GET"])
    #expect(requests[1].target == "/api/fusion-ai/orchestrator/agent/v2/PAYABLES_TEAM/invokeAsync")
    #expect(
      requests[2].target == "/api/fusion-ai/orchestrator/agent/v2/PAYABLES_TEAM/status/job-1?invocationMode=END_USER"
    )
    #expect(
      String(decoding: requests[1].body ?? [], as: UTF8.self)
        == #"{"conversational":true,"conversationId":null,"message":"Compare \"A\"","status":"PUBLISHED","#
        + #""invocationMode":"END_USER"}"#
    )
    let bearer = "Bearer \(Samples.userToken("curtis.feitty"))"
    #expect(requests.dropFirst().allSatisfy { $0.headers.contains { $0 == ("Authorization", bearer) } })
    #expect(requests.dropFirst().allSatisfy { $0.origin.text == "https://pod.fa.us6.oraclecloud.com" })
  }

  @Test func whatBecameOfAnInvocationIsLearntBehindTheDeadline() async throws {
    let bench = try await Bench()
    started(bench)
    let caller = RecordingCaller()
    _ = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: false, for: caller)
    #expect(bench.http.requests[1].deadline > caller.deadline.advanced(by: .seconds(2)))
    #expect(caller.detailOnLeaving?["state"] == "detached")
    #expect(caller.detailOnLeaving?["jobId"] == "job-1")
  }

  @Test(arguments: [
    ("COMPLETE", AgentRun.State.complete), ("COMPLETED", .complete), ("SUCCESS", .complete), ("WAITING", .waiting),
  ])
  func aStateEndsTheWait(_ word: String, _ state: AgentRun.State) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(200, #"{"jobId":"job-1","status":"\#(word)"}"#)
    let run = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: true, for: RecordingCaller())
    #expect(run.state == state)
  }

  @Test(arguments: ["ERROR", "FAILED", "CANCELLED"])
  func aFailedRunIsAnErrorToWhoWaits(_ word: String) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(200, #"{"jobId":"job-1","status":"\#(word)","error":{"code":7}}"#)
    do {
      _ = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: true, for: RecordingCaller())
      Issue.record("a failed run was answered as a result")
    } catch Failure.fusion(.agentFailed(let run)) {
      #expect(run.error == ["code": 7])
    }
  }

  @Test func anUnknownStateRunsOnWithAWarning() async throws {
    let bench = try await Bench()
    started(bench)
    bench.http.plan(200, #"{"status":"PONDERING"}"#)
    bench.http.plan(200, #"{"status":"COMPLETE"}"#)
    let caller = RecordingCaller()
    let permit = try bench.permit()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, for: caller)
    for _ in 0..<2 { await passPause(bench) }
    #expect(try await answer.state == .complete)
    #expect(caller.reports.contains { $0.contains("PONDERING") })
  }

  @Test func aRefusedTokenIsRenewedOnce() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(401, "")
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(401, "")
    do {
      _ = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: true, for: RecordingCaller())
      Issue.record("401 twice was taken")
    } catch Failure.fusion(.refused(let refusal)) {
      #expect(refusal.kind == .unauthorized)
    }
    #expect(bench.http.isExhausted)
  }

  @Test(
    arguments: [
      (403, #"{"errorCode":"FAI-40300","message":"can not execute this workflow"}"#, .agentForbidden, "FAI-40300"),
      (403, "<html>Access Denied</html>", .forbidden, nil),
      (404, "", .notFound, nil),
      (501, "", .other, nil),
    ] as [(Int, String, FusionFailure.Refusal.Kind, String?)]
  )
  func refusalsAreToldApart(
    _ status: Int,
    _ body: String,
    _ kind: FusionFailure.Refusal.Kind,
    _ code: String?
  ) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(status, body)
    let caller = RecordingCaller()
    do {
      _ = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: true, for: caller)
      Issue.record("a refusal was taken")
    } catch Failure.fusion(.refused(let refusal)) {
      #expect(refusal.kind == kind)
      #expect(refusal.code == code)
      #expect(caller.isCommitted, "the refusal is the true result, also for who has left meanwhile")
    }
  }

  @Test func aPassingFailureOfAPollIsRiddenOut() async throws {
    let bench = try await Bench()
    started(bench)
    bench.http.plan(.unreachable(found: "reset"))
    bench.http.plan(503, "")
    bench.http.plan(200, #"{"status":"COMPLETE"}"#)
    let permit = try bench.permit()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, for: RecordingCaller())
    for _ in 0..<3 { await passPause(bench) }
    #expect(try await answer.polls == 1)
  }

  /// Whoever is on call must be able to find the run again.
  @Test func aFailureInMidRunTellsWhichRunItWas() async throws {
    let bench = try await Bench()
    started(bench)
    bench.http.plan(404, "")
    let permit = try bench.permit()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, for: RecordingCaller())
    await passPause(bench)
    do {
      _ = try await answer
      Issue.record("a run that is not found was followed")
    } catch Failure.duringRun(let run, .fusion(.refused(let refusal))) {
      #expect(run.jobId == "job-1")
      #expect(refusal.kind == .notFound)
    }
  }

  @Test func whoHasLeftStartsNoRun() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    let caller = RecordingCaller()
    caller.leave()
    await #expect(throws: Failure.abandoned) {
      try await bench.agents.invoke(invocation, permit: bench.permit(), wait: true, for: caller)
    }
    #expect(bench.http.requests.count == 1)
  }

  @Test(arguments: ["../../x", "..", "a/b", "a b", "", "a?b", "a%2fb"])
  func aJobIdThatCannotStandInAURLIsRefused(_ jobId: String) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(200, #"{"jobId":"\#(jobId)","status":"RUNNING"}"#)
    do {
      _ = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: true, for: RecordingCaller())
      Issue.record("taken")
    } catch Failure.startUnknown(_, .network(let failure)) {
      #expect(failure.party == .pod)
    }
  }

  /// Invariant 6: policy is asked on every call to the pod, not once for a run.
  @Test(arguments: [
    #"{"subjects":{"allow":["*"],"deny":["Curtis.*"]}}"#, #"{"subjects":{"allow":["*"]},"agents":["HR_*"]}"#, "{",
  ])
  func whatPolicyComesToDenyIsFollowedNoLonger(_ rules: String) async throws {
    let bench = try await Bench()
    started(bench)
    let file = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["*"]}}"#.utf8))
    let permit = try bench.permit(policy: PolicyBook(file: file))
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, for: RecordingCaller())
    await bench.clock.sleepers(atLeast: 2)
    file.bytes = Array(rules.utf8)
    bench.clock.advance(by: .seconds(6))
    do {
      _ = try await answer
      Issue.record("a denied run was followed")
    } catch Failure.duringRun(_, .policy) {
      #expect(bench.http.requests.count == 2)
    }
  }

  @Test func policyLimitsAgents() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile { $0.policy.agents = ["HR_*"] }
    let permit = try bench.permit(profile: profile)
    do {
      _ = try await bench.agents.invoke(invocation, permit: permit, wait: true, for: RecordingCaller())
      Issue.record("a denied agent was run")
    } catch Failure.policy(.agentDenied) {
      #expect(bench.http.requests.isEmpty)
    }
  }
}
