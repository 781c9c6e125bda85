import Delegation
import JSON
import Synchronization
import TestSupport
import Testing

/// A run is followed through what passes by itself, with tokens that are good, under rules that allow it, to its end or
/// to the caller's.
struct RunFollowingTests {
  private let invocation = AgentInvocation(agent: "PAYABLES_TEAM", message: "Hello")

  private func planToken(_ bench: Bench, id: String = "1") {
    let token = Samples.token([
      "tok_type": "AT", "sub_type": "user", "sub": "curtis.feitty", "scope": .string(Samples.scope),
      "iat": 1_700_000_000, "exp": 1_700_003_600, "jti": .string(id),
    ])
    bench.http.plan(200, Samples.grant(token))
  }

  private func started(_ bench: Bench) {
    planToken(bench)
    bench.http.plan(202, #"{"jobId":"job-1","conversationId":"conv-1","status":"RUNNING"}"#)
  }

  private func invoked(_ bench: Bench, for caller: RecordingCaller = RecordingCaller()) async throws -> AgentRun {
    let permit = try bench.permit()
    let (agents, invocation) = (bench.agents, invocation)
    return try await bench.whileTimePasses {
      try await agents.invoke(invocation, permit: permit, wait: true, for: caller)
    }
  }

  /// The network, then a proxy before a pod that starts again, then the pod that wants less.
  @Test func aMinuteWithoutThePodIsRiddenOut() async throws {
    let bench = try await Bench()
    started(bench)
    let back = bench.clock.now + .seconds(61)
    let clock = bench.clock
    for _ in 0..<20 {
      bench.http.plan { _ in
        clock.now < back
          ? .failure(.unreachable(found: "no route to host"))
          : .success(HTTPResponse(status: 200, headers: [], body: Array(#"{"status":"COMPLETE"}"#.utf8), date: nil))
      }
    }
    let caller = RecordingCaller()
    let run = try await invoked(bench, for: caller)
    #expect(run.state == .complete)
    #expect(run.polls == 1)
    #expect(bench.http.requests.count < 15, "and not with a request a second")
    #expect(clock.now < back + .seconds(20))
    #expect(caller.reports.count { $0.contains("no route to host") && $0.contains("Asking again in") } > 5)
    #expect(caller.abandonDetail?["lastFailure"] == nil, "what has passed is not told as if it went on")
  }

  @Test func whatFailsInMidRunPasses() async throws {
    let bench = try await Bench()
    started(bench)
    for status in [500, 502, 503, 504, 429] { bench.http.plan(status, "<html>") }
    bench.http.plan(200, "<html>starting</html>")
    bench.http.plan(.broken(found: "reset by peer", requestSent: true))
    bench.http.plan(.timedOut(phase: .response, requestSent: true))
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    bench.http.plan(302, "")
    bench.http.plan(200, #"{"status":"COMPLETE"}"#)
    #expect(try await invoked(bench).polls == 2)
    #expect(bench.http.isExhausted)
  }

  /// A caller with a deadline is told then what failed last; the run is there to be found.
  @Test func atTheDeadlineTheLastFailureIsTold() async throws {
    let bench = try await Bench()
    started(bench)
    for _ in 0..<20 { bench.http.plan(503, "", headers: [("x-oracle-dms-ecid", "1.2")]) }
    let caller = RecordingCaller(deadline: bench.clock.now + .seconds(60))
    do {
      _ = try await invoked(bench, for: caller)
      Issue.record("answered")
    } catch Failure.duringRun(let run, .fusion(.refused(let refusal))) {
      #expect(run.jobId == "job-1")
      #expect(refusal.status == 503)
    }
    let detail = try #require(caller.abandonDetail)
    #expect(detail["state"] == "detached")
    #expect(detail["jobId"] == "job-1")
    #expect(detail["lastFailure"]?["ecid"] == "1.2")
    #expect(detail["lastFailure"]?["kind"] == "failed")
    guard case .number(let count)? = detail["lastFailure"]?["count"] else {
      Issue.record("not counted")
      return
    }
    #expect((4...9).contains(count.integer(Int.self) ?? 0))
  }

  @Test func anAnswerThatIsNoneIsNotBorneForEver() async throws {
    let bench = try await Bench()
    started(bench)
    for _ in 0..<20 { bench.http.plan(200, "<html>sign in</html>") }
    do {
      _ = try await invoked(bench)
      Issue.record("answered")
    } catch Failure.duringRun(_, .network(let failure)) {
      #expect(failure.problem == .malformed(found: "an answer that is not a JSON object"))
    }
    #expect(bench.http.requests.count == 2 + 9)
  }

  @Test func aTokenThatIsRevokedInMidRunIsReplacedOnce() async throws {
    let bench = try await Bench()
    started(bench)
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    bench.http.plan(401, "")
    planToken(bench, id: "2")
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    bench.http.plan(401, "")
    planToken(bench, id: "3")
    bench.http.plan(200, #"{"status":"COMPLETE"}"#)
    #expect(try await invoked(bench).polls == 3)
    #expect(Set(bench.http.requests.compactMap { $0.headers.first { $0.name == "Authorization" }?.value }).count == 3)
    #expect(bench.http.isExhausted)
  }

  @Test func tokensThatAreRefusedOneAfterTheOtherEndIt() async throws {
    let bench = try await Bench()
    started(bench)
    bench.http.plan(401, "")
    planToken(bench, id: "2")
    bench.http.plan(401, "")
    do {
      _ = try await invoked(bench)
      Issue.record("answered")
    } catch Failure.duringRun(_, .fusion(.refused(let refusal))) {
      #expect(refusal.kind == .unauthorized)
    }
    #expect(bench.http.isExhausted)
  }

  /// The old token is refused and the domain gives no other for a while.
  @Test func anIdentityDomainThatIsAwayIsRiddenOut() async throws {
    let bench = try await Bench()
    started(bench)
    bench.http.plan(401, "")
    for _ in 0..<3 { bench.http.plan(.unreachable(found: "refused")) }
    bench.http.plan(401, "")
    for _ in 0..<3 { bench.http.plan(503, "<html>") }
    bench.http.plan(401, "")
    planToken(bench, id: "2")
    bench.http.plan(200, #"{"status":"COMPLETE"}"#)
    #expect(try await invoked(bench).polls == 1)
    #expect(bench.http.isExhausted)
  }

  /// Who has signed in for a while may have signed out: the run is there for who comes back with a new token.
  @Test func aRunThatOutlastsTheUsersOwnTokenIsTold() async throws {
    let bench = try await Bench()
    started(bench)
    bench.http.plan(401, "")
    bench.http.plan(400, #"{"error":"invalid_request","error_description":"The assertion has expired."}"#)
    let permit = try bench.permit(userToken: Samples.token(["sub": "curtis.feitty"]))
    let (agents, invocation) = (bench.agents, invocation)
    do {
      _ = try await bench.whileTimePasses {
        try await agents.invoke(invocation, permit: permit, wait: true, for: RecordingCaller())
      }
      Issue.record("answered")
    } catch Failure.duringRun(let run, .token(.refused(let refusal))) {
      #expect(run.jobId == "job-1")
      #expect(refusal.isOfUserToken)
    }
  }

  @Test func theRulesAreAskedAgainForANewToken() async throws {
    let bench = try await Bench()
    started(bench)
    let file = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["*"]}}"#.utf8))
    bench.http.plan { _ in
      file.bytes = Array(#"{"subjects":{"allow":["*"],"deny":["curtis.*"]}}"#.utf8)
      return .success(HTTPResponse(status: 401, headers: [], body: [], date: nil))
    }
    let permit = try bench.permit(policy: PolicyBook(file: file))
    let (agents, invocation) = (bench.agents, invocation)
    do {
      _ = try await bench.whileTimePasses {
        try await agents.invoke(invocation, permit: permit, wait: true, for: RecordingCaller())
      }
      Issue.record("answered")
    } catch Failure.duringRun(_, .policy(.subjectDenied)) {
      #expect(bench.http.requests.count == 3, "nothing was signed")
    }
  }

  /// Who finds a run again waits as who began it; of a run that the pod has not told of nothing is claimed.
  @Test func aRunThatIsFoundAgainIsFollowedTheSameWay() async throws {
    let bench = try await Bench()
    planToken(bench)
    bench.http.plan(503, "")
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    bench.http.plan(503, "")
    bench.http.plan(200, #"{"status":"COMPLETE","output":"done"}"#)
    bench.http.plan(404, "")
    let permit = try bench.permit()
    let agents = bench.agents
    let run = try await bench.whileTimePasses {
      try await agents.run(agent: "PAYABLES_TEAM", jobId: "job-1", permit: permit, wait: true, for: RecordingCaller())
    }
    #expect((run.state, run.polls) == (.complete, 2))
    do {
      _ = try await agents.run(
        agent: "PAYABLES_TEAM",
        jobId: "job-2",
        permit: permit,
        wait: true,
        for: RecordingCaller()
      )
      Issue.record("found")
    } catch Failure.fusion(.refused(let refusal)) {
      #expect(refusal.kind == .notFound)
    }
  }

  @Test func whatARunWasInvokedAsIsAskedForAgain() async throws {
    let bench = try await Bench()
    started(bench)
    for _ in 0..<3 { bench.http.plan(200, #"{"status":"RUNNING"}"#) }
    let permit = try bench.permit()
    var debug = invocation
    debug.invocationMode = "ADMIN"
    _ = try await bench.agents.invoke(debug, permit: permit, wait: false, for: RecordingCaller())
    for (jobId, mode) in [("job-1", nil), ("job-1", "END_USER"), ("job-2", nil)] {
      _ = try await bench.agents.run(
        agent: "PAYABLES_TEAM",
        jobId: jobId,
        mode: mode,
        permit: permit,
        wait: false,
        for: RecordingCaller()
      )
    }
    let asked = bench.http.requests.suffix(3).map { $0.target.split(separator: "=").last }
    #expect(asked == ["ADMIN", "END_USER", "END_USER"])
  }
}

private final class End: Sendable {
  let isThere = Atomic(false)
}

extension Bench {
  /// Lets time pass second by second until the work is done.
  fileprivate func whileTimePasses<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let (end, clock) = (End(), clock)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask {
        defer { end.isThere.store(true, ordering: .relaxed) }
        return try await work()
      }
      group.addTask {
        // One sleeper is the key ring, which waits for idle keys.
        while !end.isThere.load(ordering: .relaxed) {
          if clock.sleeperCount >= 2 { clock.advance(by: .seconds(1)) } else { await Task.yield() }
        }
        return nil
      }
      for try await value in group { if let value { return value } }
      throw CancellationError()
    }
  }
}
