import JSON
import TestSupport
import Testing

@testable import Delegation

/// In one process a run and its conversation are those of one user, whatever the pod would say.
struct RunOwnershipTests {
  private static let agent = "PAYABLES_TEAM"

  /// What is asked as a user, of the run `job-1` in the conversation `conv-1`.
  enum Call: CaseIterable, Sendable {
    case look
    case follow
    case goOn
    case answer
    case answerInTheConversation
    case answerTheNode

    func callAsFunction(_ agents: AgentService, _ permit: Authorization.Permit) async throws {
      let caller = RecordingCaller()
      switch self {
      case .look, .follow:
        _ = try await agents.run(agent: agent, jobId: "job-1", permit: permit, wait: self == .follow, for: caller)
      case .goOn:
        let invocation = AgentInvocation(agent: agent, message: "And?", conversationId: "conv-1")
        _ = try await agents.invoke(invocation, permit: permit, wait: false, for: caller)
      case .answer, .answerInTheConversation, .answerTheNode:
        let input = AgentResumption.Reply.nodeInput(try RawJSON(parsing: Array("{}".utf8)))
        let resumption = AgentResumption(
          agent: agent,
          conversationId: "conv-1",
          jobId: self == .answerInTheConversation ? nil : "job-1",
          reply: self == .answerTheNode ? input : .message("Yes")
        )
        _ = try await agents.resume(resumption, permit: permit, wait: false, for: caller)
      }
    }
  }

  private func planToken(_ bench: Bench, _ user: String) {
    bench.http.plan(200, Samples.grant(Samples.userToken(user)))
  }

  /// A bench whose agent was run by Curtis.
  private func seen() async throws -> Bench {
    let bench = try await Bench()
    planToken(bench, "curtis.feitty")
    bench.http.plan(202, #"{"jobId":"job-1","conversationId":"conv-1","status":"RUNNING"}"#)
    let invocation = AgentInvocation(agent: Self.agent, message: "Pay")
    _ = try await bench.agents.invoke(invocation, permit: bench.permit(), wait: false, for: RecordingCaller())
    return bench
  }

  private func isDenied(_ call: Call, _ bench: Bench, _ permit: Authorization.Permit) async throws -> Bool {
    do {
      try await call(bench.agents, permit)
      return false
    } catch Failure.policy(.runDenied) {
      return true
    }
  }

  @Test(arguments: Call.allCases) func anotherUserIsRefusedBeforeAnythingIsSent(_ call: Call) async throws {
    let bench = try await seen()
    let count = bench.http.requests.count
    #expect(try await isDenied(call, bench, bench.permit("ap.clerk")))
    let own = Samples.token(["sub": "ap.clerk"])
    #expect(try await isDenied(call, bench, bench.permit(userToken: own)), "the user's own token names one, too")
    #expect(bench.http.requests.count == count)
  }

  @Test(arguments: Call.allCases) func theUserGoesOnWithWhateverNamesThem(_ call: Call) async throws {
    let bench = try await seen()
    for permit in [try bench.permit(), try bench.permit(userToken: Samples.token(["sub": "curtis.feitty"]))] {
      if case .userToken = permit.grant { planToken(bench, "curtis.feitty") }
      if [.answer, .answerTheNode].contains(call) { bench.http.plan(200, #"{"status":"WAITING"}"#) }
      bench.http.plan(200, #"{"jobId":"job-1","conversationId":"conv-1","status":"COMPLETE"}"#)
      #expect(try await !isDenied(call, bench, permit))
    }
    #expect(bench.http.isExhausted)
  }

  /// Also of a run that was not begun here, once it was shown.
  @Test func whatWasFoundIsThatUsersToo() async throws {
    let bench = try await Bench()
    planToken(bench, "curtis.feitty")
    bench.http.plan(200, #"{"jobId":"job-1","conversationId":"conv-1","status":"RUNNING"}"#)
    try await Call.look(bench.agents, bench.permit())
    for call in Call.allCases { #expect(try await isDenied(call, bench, bench.permit("ap.clerk"))) }
  }

  @Test func whatThePodRefusesIsNobodysYet() async throws {
    let bench = try await Bench()
    planToken(bench, "ap.clerk")
    bench.http.plan(404, "")
    await #expect(throws: Failure.self) { try await Call.look(bench.agents, bench.permit("ap.clerk")) }
    planToken(bench, "curtis.feitty")
    bench.http.plan(200, #"{"jobId":"job-1","status":"RUNNING"}"#)
    try await Call.look(bench.agents, bench.permit())
    #expect(bench.http.isExhausted)
  }

  /// A pod may show runs to anybody. Of two who look at once one is shown it.
  @Test(arguments: [Call.look, .follow]) func whoIsLateIsNotShownIt(_ call: Call) async throws {
    let bench = try await Bench()
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    planToken(bench, "ap.clerk")
    bench.http.plan { _ in
      for await _ in gate {}
      let body = Array(#"{"status":"RUNNING","conversationId":"conv-1"}"#.utf8)
      return .success(HTTPResponse(status: 200, headers: [], body: body, date: nil))
    }
    let (agents, clerk) = (bench.agents, try bench.permit("ap.clerk"))
    let late = Task { try await call(agents, clerk) }
    while bench.http.requests.count < 2 { await Task.yield() }
    planToken(bench, "curtis.feitty")
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    try await Call.look(agents, bench.permit())
    opener.finish()
    await #expect(throws: Failure.policy(.runDenied(what: "job job-1"))) { try await late.value }
  }

  /// A pod may take another spelling of an id for the same; the sidecar does so with upper and lower case.
  @Test func anotherCaseIsTheSameRun() async throws {
    let bench = try await seen()
    let clerk = try bench.permit("ap.clerk")
    let count = bench.http.requests.count
    await #expect(throws: Failure.policy(.runDenied(what: "job JOB-1"))) {
      try await bench.agents.run(agent: Self.agent, jobId: "JOB-1", permit: clerk, wait: false, for: RecordingCaller())
    }
    let invocation = AgentInvocation(agent: Self.agent, message: "And?", conversationId: "Conv-1")
    await #expect(throws: Failure.policy(.runDenied(what: "conversation Conv-1"))) {
      try await bench.agents.invoke(invocation, permit: clerk, wait: false, for: RecordingCaller())
    }
    #expect(bench.http.requests.count == count)
  }

  /// By an id that is not known here, a pod may lead to a run or a conversation that is.
  @Test(arguments: [#""jobId":"job-1""#, #""conversationId":"conv-1""#], [false, true])
  func whatAnotherIdLeadsToIsNotShown(_ member: String, _ wait: Bool) async throws {
    let bench = try await seen()
    planToken(bench, "ap.clerk")
    bench.http.plan(200, #"{\#(member),"status":"COMPLETE","output":"Paid."}"#)
    let clerk = try bench.permit("ap.clerk")
    await #expect(throws: Failure.policy(.runDenied(what: "job 0001"))) {
      try await bench.agents.run(agent: Self.agent, jobId: "0001", permit: clerk, wait: wait, for: RecordingCaller())
    }
    for call in Call.allCases { #expect(try await isDenied(call, bench, clerk), "and has become nobody else's") }
  }

  /// Profiles are ways to act, users are who acts: one may look with a profile that only reads.
  @Test func anotherProfileOfThePodIsTheSameUser() async throws {
    let bench = try await seen()
    planToken(bench, "curtis.feitty")
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    let reader = try Samples.profile {
      $0.name = "reader"
      $0.policy.readOnly = true
    }
    try await Call.look(bench.agents, bench.permit(profile: reader))
    #expect(try await isDenied(.look, bench, bench.permit("ap.clerk", profile: reader)))
  }

  /// Ids are a pod's own.
  @Test func anotherPodsRunsAreOthers() async throws {
    let bench = try await seen()
    planToken(bench, "ap.clerk")
    bench.http.plan(200, #"{"status":"RUNNING"}"#)
    let test = try Samples.profile { $0.fusionUrl = "https://pod-test.fa.us6.oraclecloud.com" }
    try await Call.look(bench.agents, bench.permit("ap.clerk", profile: test))
    #expect(bench.http.isExhausted)
  }
}
