import JSON
import TestSupport
import Testing

@testable import Delegation

/// How a stream ends that does not end as it should.
struct RunStreamEndingTests: StreamedRunSuite {
  private static let finish = #"{"message":{"output":"one two","finishReason":"stop"}}"#

  /// It may have been the end of a node only, so the pod is asked.
  @Test(arguments: ["RUNNING", "COMPLETE"])
  func whoSaysNothingBehindAFinishReasonIsAsked(_ state: String) async throws {
    let body = ScriptedBody()
    let bench = try await bench(body)
    bench.http.plan(200, #"{"status":"\#(state)"}"#)
    if state == "RUNNING" { bench.http.plan(200, #"{"status":"COMPLETE","output":"one two three"}"#) }
    let permit = try bench.permit()
    let caller = RecordingCaller()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    body.give(events(Self.beginning, delta("one"), Self.finish))
    await body.readerWaits()
    body.give(": still here\n")
    for _ in 0..<(state == "RUNNING" ? 3 : 2) {
      await bench.clock.sleepers(atLeast: 2)
      bench.clock.advance(by: .seconds(6))
    }
    let run = try await answer
    #expect(run.state == .complete)
    #expect(run.output == (state == "RUNNING" ? "one two three" : "one two"))
    #expect(text(caller) == (state == "RUNNING" ? "one two three" : "one two"))
    #expect(body.isClosed)
    #expect(try outcomes(bench) == ["ok"])
  }

  /// An agent with several nodes may give a reason for each.
  @Test func whoSaysMoreBehindAFinishReasonIsHeard() async throws {
    let body = ScriptedBody()
    let bench = try await bench(body)
    let permit = try bench.permit()
    let caller = RecordingCaller()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    body.give(events(Self.beginning, delta("one"), #"{"message":{"finishReason":"stop"}}"#))
    await body.readerWaits()
    await bench.clock.sleepers(atLeast: 2)
    bench.clock.advance(by: .seconds(4))
    body.give(events(delta(" two"), #"{"message":{"finishReason":"paused","pausedNode":"APPROVAL"}}"#))
    await body.readerWaits()
    await bench.clock.sleepers(atLeast: 2)
    bench.clock.advance(by: .seconds(4))
    body.give(events("[DONE]"))
    let run = try await answer
    #expect(run.state == .waiting)
    #expect(run.output == "one two")
    #expect(run.polls == 0)
  }

  @Test func whoLeavesBehindAFinishReasonHasLeft() async throws {
    let body = ScriptedBody()
    let bench = try await bench(body)
    let permit = try bench.permit()
    let caller = RecordingCaller()
    let task = Task {
      try await bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    }
    body.give(events(Self.beginning, Self.finish))
    await body.readerWaits()
    task.cancel()
    await #expect(throws: Failure.abandoned) { try await task.value }
    #expect(body.isClosed)
  }

  @Test func howAnotherJobEndsIsNotHowTheRunDoes() async throws {
    let message = #"{"output":"x","finishReason":"error"}"#
    let child = #"{"jobId":"job-2","conversationId":"conv-2","message":\#(message),"error":7}"#
    let stream = events(Self.beginning, delta("one"), child, #"{"message":{"finishReason":"stop"}}"#, "[DONE]")
    let run = try await run(bench(ScriptedBody(Array(stream.utf8))), for: RecordingCaller())
    #expect(run.state == .complete)
    #expect((run.jobId, run.conversationId) == ("job-1", "conv-1"))
    #expect(run.output == "one")
    #expect(run.error == nil)
  }

  /// As of one that was told with its job.
  @Test func aConversationThatIsToldLaterIsTheUsersToo() async throws {
    let body = ScriptedBody()
    let bench = try await bench(body)
    let permit = try bench.permit()
    let caller = RecordingCaller()
    let task = Task {
      try await bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    }
    body.give(events(#"{"jobId":"job-1"}"#, #"{"conversationId":"conv-1"}"#))
    await body.readerWaits()
    task.cancel()
    await #expect(throws: Failure.abandoned) { try await task.value }
    #expect(caller.abandonDetail?["conversationId"] == "conv-1")
    let other = AgentInvocation(agent: "PAYABLES_TEAM", message: "And?", conversationId: "conv-1")
    await #expect(throws: Failure.policy(.runDenied(what: "conversation conv-1"))) {
      try await bench.agents.invoke(
        other,
        permit: bench.permit("ap.clerk"),
        wait: true,
        stream: true,
        for: RecordingCaller()
      )
    }
  }
}
