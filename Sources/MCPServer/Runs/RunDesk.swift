import Delegation
import JSON
import JSONRPC

/// What all tools do to runs: as the one user, under the rules, within the limit, and only to runs of this process.
struct RunDesk: Sendable {
  let settings: MCPSettings
  let domain: Domain
  let runs = OwnRuns()
  let limit: RunLimit
  /// A person who is asked again and again presses the button at last.
  let forms: RunLimit
  private let explain: @Sendable (Failure) -> ResponseError

  init(
    _ settings: MCPSettings,
    domain: Domain,
    clock: any MonotonicClock,
    explain: @escaping @Sendable (Failure) -> ResponseError
  ) {
    self.settings = settings
    self.domain = domain
    self.explain = explain
    limit = RunLimit(perMinute: settings.maximumRunsPerMinute, of: "runs were started", clock: clock)
    forms = RunLimit(perMinute: settings.maximumRunsPerMinute, of: "forms were shown", clock: clock)
  }

  /// The user of this process, if the rules of now allow them.
  func permit(for call: Call) throws(Failure) -> Authorization.Permit {
    try domain.authorization.permit(
      profile: settings.profile,
      subject: settings.subject,
      userToken: nil,
      deadline: call.deadline
    )
  }

  /// The same, if they may run that agent, or look at runs of it.
  func permit(agent: String, invoking: Bool, for call: Call) throws(Failure) -> Authorization.Permit {
    let permit = try permit(for: call)
    try permit.permitAgent(agent, invoking: invoking)
    return permit
  }

  /// The run as the pod tells it now, or with `wait` when it has ended or waits for a person.
  func look(at run: OwnRuns.Run, wait: Bool, for call: Call) async throws(Failure) -> AgentRun {
    var seen = try await domain.agents.run(
      agent: run.agent,
      jobId: run.jobId,
      permit: try permit(agent: run.agent, invoking: false, for: call),
      wait: wait,
      for: RunCaller(call, agent: run.agent, runs: runs)
    )
    // A status need not name it.
    seen.conversationId = seen.conversationId ?? run.conversationId
    return seen
  }

  /// Sends a person's answer to a run that waits, and follows what comes of it.
  func resume(
    _ run: OwnRuns.Run,
    conversationId: String,
    reply: String,
    for call: Call,
    as caller: RunCaller
  ) async throws(Failure) -> AgentRun {
    let resumption = AgentResumption(
      agent: run.agent,
      conversationId: conversationId,
      jobId: run.jobId,
      reply: .message(reply)
    )
    let permit = try permit(agent: run.agent, invoking: true, for: call)
    return try await domain.agents.resume(resumption, permit: permit, wait: true, for: caller)
  }

  /// - Parameter jobId: nil is the run that was begun last, for who gave up before its `jobId` came.
  func own(_ jobId: String?) throws(ToolFailure) -> OwnRuns.Run {
    guard let run = jobId.map({ runs[$0] }) ?? runs.last else {
      throw ToolFailure(
        kind: "run_not_found",
        jobId == nil ? "This server has started no run." : "This server started no run of that jobId.",
        hint: "Only runs that invoke_agent started in this session can be looked at."
      )
    }
    return run
  }

  /// Runs a step of the domain, with its failure in the words of tools. What a rule forbids is recorded.
  ///
  /// - Parameter method: the protocol's method that does the same.
  func answering<Value>(
    _ method: String,
    agent: String?,
    _ body: () async throws(Failure) -> Value
  ) async throws(ToolFailure) -> Value {
    do throws(Failure) { return try await body() } catch {
      var facts = AuditFacts(profile: settings.profile, subject: settings.subject)
      facts.agent = agent
      domain.audit.denied(method, facts, error)
      throw failure(error)
    }
  }

  private func failure(_ error: Failure) -> ToolFailure {
    var failure = ToolFailure(explain(error))
    failure.isCertain = error.saysWhatWasDone
    guard case .fusion(.agentFailed(let run)) = error else { return failure }
    failure.state = run.state.rawValue
    failure.run = RunView.members(run).filter { $0.name != "state" }
    failure.hint = "agentError has the pod's words. Somebody may look at the agent in AI Agent Studio."
    return failure
  }
}

extension Failure {
  /// Of a request that starts a run or lets one go on: whether it is known what became of it.
  fileprivate var saysWhatWasDone: Bool {
    switch self {
    case .startUnknown, .abandoned: false
    case .params, .profile, .policy, .store, .file, .key, .token, .fusion, .network, .audit, .duringRun: true
    }
  }
}
