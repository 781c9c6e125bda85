import JSON
import TestSupport
import Testing

@testable import Delegation

/// Streams that come to their end, and streams that break.
struct RunStreamingTests: StreamedRunSuite {
  @Test func tellsWhatIsSaidWhileItIsSaid() async throws {
    let body = ScriptedBody()
    let bench = try await bench(body)
    let caller = RecordingCaller()
    let permit = try bench.permit()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    body.give(events(Self.beginning, delta("Grüße 😀, ")))
    await body.readerWaits()
    #expect(
      caller.streamed == [
        [
          "state": "running", "agent": "PAYABLES_TEAM", "jobId": "job-1", "conversationId": "conv-1",
          "delta": "Grüße 😀, ",
          "offset": 0,
        ]
      ]
    )
    #expect(!caller.isCommitted)
    #expect(caller.abandonDetail?["state"] == "detached")
    body.give(events(#"{"nodeProgressMessage":{"nodeCode":"LOOKUP","type":"NODE_END","nodeOutput":"private"}}"#))
    body.give(events(delta("Curtis."), #"{"conversationId":"conv-2","finishReason":"stop"}"#, "[DONE]"))
    let run = try await answer
    #expect(run.state == .complete)
    #expect(run.output == "Grüße 😀, Curtis.")
    #expect(run.conversationId == "conv-2")
    #expect(run.streamed == true)
    #expect(run.polls == 0)
    #expect(run.finishedAt != nil)
    #expect(caller.streamed.map { $0["offset"] } == [0, 9], "in Unicode scalars")
    #expect(
      caller.told == [
        "The run has started.", "The agent goes on.", "The agent is at LOOKUP.", "The agent goes on.",
      ]
    )
    #expect(body.isClosed)
    #expect(bench.http.isExhausted)

    let request = bench.http.requests[1]
    #expect(request.target == "/api/fusion-ai/orchestrator/agent/v2/PAYABLES_TEAM/chat")
    #expect(request.headers.contains { $0 == ("Accept", "text/event-stream") })
    #expect(request.idleTimeout == .seconds(60))
    #expect(request.deadline > caller.deadline.advanced(by: .seconds(2)))
    #expect(
      String(decoding: request.body ?? [], as: UTF8.self)
        == #"{"conversational":true,"conversationId":null,"message":"Compare \"A\"","status":"PUBLISHED","#
        + #""invocationMode":"END_USER"}"#
    )
    #expect(try outcomes(bench) == ["ok"])
    #expect(bench.audit.rows.last?.contains(#""jobId":"job-1""#) == true)
  }

  /// What is known of a run does not depend on the pieces its stream comes in.
  @Test(arguments: [1, 2, 3, 7, 64])
  func piecesMakeNoDifference(_ size: Int) async throws {
    let body = ScriptedBody()
    let stream = Array(events(Self.beginning, delta("Zürich "), delta("🏔"), #"{"finishReason":"stop"}"#, "[DONE]").utf8)
    for start in stride(from: 0, to: stream.count, by: size) {
      body.give(Array(stream[start..<min(start + size, stream.count)]))
    }
    body.end()
    let caller = RecordingCaller()
    let run = try await run(bench(body), for: caller)
    #expect(run.output == "Zürich 🏔")
    #expect(text(caller) == "Zürich 🏔")
  }

  @Test func theOutputCountsAndWhatItAddsIsTold() async throws {
    let caller = RecordingCaller()
    let end = #"{"message":{"output":"one two three","finishReason":"stop"}}"#
    let run = try await run(bench(ScriptedBody(Array(events(Self.beginning, delta("one two"), end).utf8))), for: caller)
    #expect(run.output == "one two three")
    #expect(caller.streamed.map { $0["delta"] } == ["one two", " three"])
    #expect(caller.streamed.map { $0["offset"] } == [0, 7])
    #expect(run.streamed == true)
  }

  @Test(arguments: [#""another""#, #"{"sum":12345678901234567.890}"#])
  func anOutputThatIsAnotherCounts(_ output: String) async throws {
    let caller = RecordingCaller()
    let end = #"{"message":{"output":\#(output),"finishReason":"stop"}}"#
    let run = try await run(bench(ScriptedBody(Array(events(Self.beginning, delta("one"), end).utf8))), for: caller)
    #expect(run.output == (try JSONValue(parsing: output.utf8)))
    #expect(text(caller) == "one")
    #expect(caller.reports.last == "The output is not what was streamed; the output counts.")
  }

  @Test func aRunThatWaitsSaysForWhat() async throws {
    let end = #"{"message":{"finishReason":"paused","pausedNode":"APPROVAL"}}"#
    let stream = events(Self.beginning, delta("Pay 3 invoices?"), end, "[DONE]")
    let run = try await run(bench(ScriptedBody(Array(stream.utf8))), for: RecordingCaller())
    #expect(run.state == .waiting)
    #expect(run.waitingFor == AgentRun.WaitingFor(node: "APPROVAL", message: "Pay 3 invoices?"))
    #expect(run.finishedAt == nil)
    #expect(run.streamed == true)
  }

  @Test func aRunThatFailsIsAnError() async throws {
    let stream = events(Self.beginning, delta("Well"), #"{"finishReason":"error","error":{"code":7}}"#, "[DONE]")
    do {
      _ = try await run(bench(ScriptedBody(Array(stream.utf8))), for: RecordingCaller())
      Issue.record("a failed run was answered as a result")
    } catch Failure.fusion(.agentFailed(let run)) {
      #expect(run.error == ["code": 7])
      #expect(run.output == "Well")
      #expect(run.state == .failed)
    }
  }

  /// `[DONE]` alone does not say how the run has ended.
  @Test func aStreamThatDoesNotSayHowItEndsIsAskedFor() async throws {
    let bench = try await bench(ScriptedBody(Array(events(Self.beginning, delta("one two"), "[DONE]").utf8)))
    bench.http.plan(200, #"{"status":"COMPLETE"}"#)
    let run = try await polled(bench, for: RecordingCaller())
    #expect(run.state == .complete)
    #expect(run.output == "one two")
    #expect(run.streamed == true)
    #expect(run.polls == 1)
  }

  // MARK: One that breaks

  private static let breaks: [(@Sendable (ScriptedBody) -> Void)] = [
    { $0.end() }, { $0.fail(.broken(found: "reset", requestSent: true)) },
    { $0.fail(.timedOut(phase: .response, requestSent: true)) },
    {
      $0.give("data: {\"message\":{\"content\":\"lo"); $0.end()
    },
    {
      $0.give("data: {\"message\":{\"content\":\"l\u{fc}\"}}".utf8.dropLast(5).map { $0 }); $0.end()
    },
    { $0.give("data: {,}\n\n") }, { $0.give("data: hello\n\n") }, { $0.give("data: {\"jobId\":\"../x\"}\n\n") },
    { $0.fail(.responseTooLarge(limit: 256 << 20)) },
    { $0.give(Array(repeating: UInt8(ascii: "x"), count: (16 << 20) + 1)) },
  ]

  @Test(arguments: breaks.indices)
  func oneThatBreaksIsPickedUpByPolling(_ number: Int) async throws {
    let body = ScriptedBody()
    body.give(events(Self.beginning, delta("one two")))
    Self.breaks[number](body)
    let bench = try await bench(body)
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    bench.http.plan(200, #"{"status":"COMPLETE","output":"one two three"}"#)
    let caller = RecordingCaller()
    let run = try await polled(bench, 2, for: caller)
    #expect(run.state == .complete)
    #expect(run.output == "one two three")
    #expect(run.streamed == false)
    #expect(run.polls == 2)
    #expect(caller.streamed.map { $0["delta"] } == ["one two", " three"], "nothing is lost")
    #expect(caller.reports.contains { $0.hasSuffix("The run is asked for instead.") })
    #expect(body.isClosed)
    #expect(
      bench.http.requests.map { $0.method.rawValue } == ["POST", "POST", "GET", "GET"],
      "it is not started again"
    )
  }

  @Test(arguments: breaks.indices)
  func oneThatBreaksBeforeItsJobIsKnownIsNotStartedAgain(_ number: Int) async throws {
    let body = ScriptedBody()
    body.give(events(delta("one two")))
    Self.breaks[number](body)
    let bench = try await bench(body)
    let caller = RecordingCaller()
    do {
      _ = try await run(bench, for: caller)
      Issue.record("taken")
    } catch Failure.startUnknown(let run, .network(let failure)) {
      #expect(run.whereabouts == ["state": "unknown", "agent": "PAYABLES_TEAM"])
      #expect(failure.party == .pod)
    }
    #expect(caller.isCommitted, "the failure is the true result, also for who has left meanwhile")
    #expect(bench.http.requests.count == 2)
    #expect(try outcomes(bench) == ["failed"])
  }

  @Test func aStreamThatNeverTellsItsJobIsNoRun() async throws {
    let bench = try await bench(ScriptedBody(Array(events(delta("one"), #"{"finishReason":"stop"}"#, "[DONE]").utf8)))
    await #expect(throws: Failure.self) { try await run(bench, for: RecordingCaller()) }
    #expect(bench.http.requests.count == 2)
  }
}
