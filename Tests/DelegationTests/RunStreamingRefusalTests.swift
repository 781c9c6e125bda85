import JSON
import TestSupport
import Testing

@testable import Delegation

/// Pods that do not stream; tokens, rules and callers that end a stream.
struct RunStreamingRefusalTests: StreamedRunSuite {
  @Test(arguments: [404, 405, 406, 415, 501])
  func whereNothingStreamsTheRunIsPolled(_ status: Int) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(status, "<html>")
    bench.http.plan(202, #"{"jobId":"job-1","conversationId":"conv-1","status":"RUNNING"}"#)
    bench.http.plan(200, #"{"status":"COMPLETE","output":"one two three"}"#)
    let caller = RecordingCaller()
    let run = try await polled(bench, for: caller)
    #expect(run.state == .complete)
    #expect(run.streamed == false)
    #expect(caller.streamed.map { $0["delta"] } == ["one two three"])
    #expect(caller.reports.first == "The pod does not stream (\(status)); the run is started without.")
    #expect(bench.http.requests[2].target.hasSuffix("/PAYABLES_TEAM/invokeAsync"))
    #expect(try outcomes(bench) == ["ok"])
  }

  @Test func aRunThatIsStartedWithoutAStreamIsPolled() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(202, #"{"jobId":"job-1","status":"RUNNING"}"#, headers: [("content-type", "application/json")])
    bench.http.plan(200, #"{"status":"COMPLETE","output":"one"}"#)
    let run = try await polled(bench, for: RecordingCaller())
    #expect(run.output == "one")
    #expect(run.streamed == false)
    #expect(bench.http.requests.map { $0.method.rawValue } == ["POST", "POST", "GET"])
  }

  @Test(arguments: [
    (200, "<html>"), (200, "{}"), (200, ""), (204, ""), (200, #"{"jobId":"../x"}"#), (500, ""), (502, ""),
  ])
  func anAnswerThatLeavesOpenWhatWasDoneIsNotRepeated(_ status: Int, _ body: String) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(status, body)
    do {
      _ = try await run(bench, for: RecordingCaller())
      Issue.record("taken")
    } catch Failure.startUnknown {
      #expect(bench.http.requests.count == 2)
    }
  }

  @Test(arguments: [400, 403, 409, 429])
  func aRefusalOfTheRunIsTheAnswer(_ status: Int) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(status, #"{"errorCode":"FAI-40300"}"#)
    do {
      _ = try await run(bench, for: RecordingCaller())
      Issue.record("taken")
    } catch Failure.fusion(.refused(let refusal)) {
      #expect(refusal.status == status)
      #expect(bench.http.requests.count == 2)
    }
  }

  // MARK: Tokens, rules, callers

  @Test func aRefusedTokenIsRenewedOnce() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(401, "")
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.planStream(200, body: ScriptedBody(Array(events(Self.beginning, #"{"finishReason":"stop"}"#).utf8)))
    #expect(try await run(bench, for: RecordingCaller()).state == .complete)
    #expect(bench.http.isExhausted)
  }

  /// The signature of the token is all that is looked for, and so long that it is recognized.
  private static let signature = Base64.encode(Array("the signature of nobody in particular".utf8), as: .url)

  @Test(arguments: [1, 5, 15, 16, 20, 40])
  func theTokenIsMaskedWhereverItIsCut(_ size: Int) async throws {
    let token =
      Samples.userToken("curtis.feitty").split(separator: ".").dropLast().joined(separator: ".") + "."
      + Self.signature
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(token))
    let said = Array("You sent \(Self.signature), I think.")
    let deltas = stride(from: 0, to: said.count, by: size).map { delta(String(said[$0..<min($0 + size, said.count)])) }
    let end = #"{"message":{"output":"You sent \#(Self.signature).","finishReason":"stop"},"conversationId":"c-1"}"#
    let stream = ([Self.beginning] + deltas + [end]).map { "data: \($0)\n\n" }.joined()
    bench.http.planStream(200, body: ScriptedBody(Array(stream.utf8)))
    let caller = RecordingCaller()
    let run = try await run(bench, for: caller)
    #expect(run.output == "You sent [masked].")
    let told = text(caller)
    #expect(told.hasPrefix("You sent ") && told.hasSuffix("[masked], I think."))
    #expect(told.count < "You sent [masked], I think.".count + 4)
  }

  @Test func whoLeavesEndsTheStream() async throws {
    let body = ScriptedBody()
    let bench = try await bench(body)
    let permit = try bench.permit()
    let caller = RecordingCaller()
    let task = Task {
      try await bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    }
    body.give(events(Self.beginning))
    await body.readerWaits()
    task.cancel()
    await #expect(throws: Failure.abandoned) { try await task.value }
    #expect(body.isClosed)
    #expect(
      caller.abandonDetail == [
        "state": "detached", "agent": "PAYABLES_TEAM", "jobId": "job-1", "conversationId": "conv-1",
      ]
    )
  }

  @Test func whoHasLeftStartsNoRun() async throws {
    let bench = try await bench(ScriptedBody())
    let caller = RecordingCaller()
    caller.leave()
    await #expect(throws: Failure.abandoned) { try await run(bench, for: caller) }
    #expect(bench.http.requests.count == 1)
  }

  /// Invariant 6, also for what goes on without a request.
  @Test(arguments: [
    #"{"subjects":{"allow":["*"],"deny":["Curtis.*"]}}"#, #"{"subjects":{"allow":["*"]},"agents":["HR_*"]}"#, "{",
  ])
  func whatPolicyComesToDenyIsReadNoFurther(_ rules: String) async throws {
    let body = ScriptedBody()
    let bench = try await bench(body)
    let file = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["*"]}}"#.utf8))
    let permit = try bench.permit(policy: PolicyBook(file: file))
    let caller = RecordingCaller()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    body.give(events(Self.beginning, delta("one")))
    await body.readerWaits()
    file.bytes = Array(rules.utf8)
    bench.clock.advance(by: .seconds(2))
    body.give(events(delta(" two"), delta(" three")))
    do {
      _ = try await answer
      Issue.record("a denied run was followed")
    } catch Failure.duringRun(let run, .policy) {
      #expect(run.jobId == "job-1")
      #expect(text(caller) == "one")
      #expect(body.isClosed)
    }
  }

  @Test func behindLockNothingIsReadAnyMore() async throws {
    let body = ScriptedBody()
    let bench = try await bench(body)
    let permit = try bench.permit()
    let caller = RecordingCaller()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    body.give(events(Self.beginning))
    await body.readerWaits()
    await bench.domain.lockdown.close()
    body.give(events(delta("one"), #"{"finishReason":"stop"}"#, "[DONE]"))
    do {
      _ = try await answer
      Issue.record("a run was read on")
    } catch Failure.duringRun(_, .policy(.locked)) {
      #expect(text(caller).isEmpty)
      #expect(body.isClosed)
    }
  }

  @Test func policyLimitsAgents() async throws {
    let bench = try await Bench()
    let permit = try bench.permit(profile: Samples.profile { $0.policy.agents = ["HR_*"] })
    await #expect(throws: Failure.self) {
      try await bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: RecordingCaller())
    }
    #expect(bench.http.requests.isEmpty)
  }
}
