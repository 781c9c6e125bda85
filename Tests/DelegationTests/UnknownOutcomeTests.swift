import Delegation
import JSON
import TestSupport
import Testing

/// One call starts at most one run: whatever the pod answers, or does not, nothing is sent twice on its own; and where
/// nobody can know what became of it, the answer says so.
struct UnknownOutcomeTests {
  enum Answer: Sendable, CustomStringConvertible {
    case status(Int, String)
    case failure(HTTPFailure)
    /// 503 with a time to try again.
    case busy

    var description: String {
      switch self {
      case .status(let status, let body): "\(status) \(body)"
      case .failure(let failure): "\(failure)"
      case .busy: "503 with Retry-After"
      }
    }

    func plan(_ bench: Bench) {
      switch self {
      case .status(let status, let body): bench.http.plan(status, body)
      case .failure(let failure): bench.http.plan(failure)
      case .busy: bench.http.plan(503, "", headers: [("retry-after", "7")])
      }
    }
  }

  private static let unknown: [Answer] = [
    .failure(.broken(found: "reset", requestSent: true)), .failure(.timedOut(phase: .response, requestSent: true)),
    .failure(.responseTooLarge(limit: 1)), .status(500, ""), .status(502, ""), .status(503, ""), .status(504, "<html>"),
    .status(520, ""),
    .status(200, "<html>sign in</html>"), .status(202, "{}"), .status(202, #"{"jobId":"../x"}"#), .status(202, ""),
    .status(202, #"{"jobId":"job-1""#), .status(204, ""),
  ]

  private static let known: [Answer] = [
    .failure(.unreachable(found: "refused")), .failure(.broken(found: "reset", requestSent: false)),
    .failure(.timedOut(phase: .connect, requestSent: false)), .failure(.tlsFailed(found: "expired")),
    .failure(.invalidRequest(found: "a control character")), .status(302, ""), .status(400, ""), .status(403, ""),
    .status(404, ""), .status(408, ""), .status(409, ""), .status(429, ""), .status(501, ""), .busy,
  ]

  private func plan(_ answer: Answer, _ bench: Bench) {
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    answer.plan(bench)
  }

  private func invoked(_ answer: Answer, _ caller: RecordingCaller = RecordingCaller()) async throws -> Failure? {
    let bench = try await Bench()
    plan(answer, bench)
    let invocation = AgentInvocation(agent: "PAYABLES_TEAM", message: "Pay", conversationId: "conv-1")
    defer { #expect(bench.http.isExhausted && bench.http.requests.count == 2) }
    let permit = try bench.permit()
    do throws(Failure) {
      _ = try await bench.agents.invoke(invocation, permit: permit, wait: true, for: caller)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: unknown) func isToldAndNotRepeated(_ answer: Answer) async throws {
    let caller = RecordingCaller()
    guard case .startUnknown(let run, _)? = try await invoked(answer, caller) else {
      Issue.record("an outcome that nobody knows was told as known")
      return
    }
    #expect(run == UnknownRun(agent: "PAYABLES_TEAM", jobId: nil, conversationId: "conv-1"))
    #expect(run.whereabouts == caller.abandonDetail, "who leaves meanwhile is told the same")
    #expect(run.whereabouts == ["state": "unknown", "agent": "PAYABLES_TEAM", "conversationId": "conv-1"])
  }

  @Test(arguments: known) func whatDidNotHappenIsNoUnknownOutcome(_ answer: Answer) async throws {
    switch try await invoked(answer) {
    case .network?, .fusion(.refused)?: break
    case let other: Issue.record("\(String(describing: other))")
    }
  }

  @Test(arguments: unknown) func ofAnAnswerToANodeTheJobIsTold(_ answer: Answer) async throws {
    // Here an answer without a job is one: it is that of the run which goes on.
    if case .status(202, "{}") = answer { return }
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(200, #"{"status":"WAITING"}"#)
    answer.plan(bench)
    let resumption = AgentResumption(
      agent: "PAYABLES_TEAM",
      conversationId: "conv-1",
      jobId: "job-1",
      reply: .nodeInput(try RawJSON(parsing: Array("{}".utf8)))
    )
    do {
      _ = try await bench.agents.resume(resumption, permit: bench.permit(), wait: true, for: RecordingCaller())
      Issue.record("taken")
    } catch Failure.startUnknown(let run, _) {
      #expect(run.jobId == "job-1")
    }
    #expect(bench.http.isExhausted && bench.http.requests.count == 3)
  }

  /// A 401 says that the pod has not acted; what follows it may be lost as the first may.
  @Test func isAlsoToldAfterARefusedToken() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan(401, "")
    plan(.failure(.broken(found: "reset", requestSent: true)), bench)
    let caller = RecordingCaller()
    do {
      let invocation = AgentInvocation(agent: "PAYABLES_TEAM", message: "Pay")
      _ = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: true, for: caller)
      Issue.record("taken")
    } catch Failure.startUnknown {
      #expect(caller.commits == 2)
    }
    #expect(bench.http.isExhausted)
  }
}
