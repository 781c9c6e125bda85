import JSON

/// Runs agents as the user: invoke, poll to the end, report.
package struct AgentService: Sendable {
  let requests: UserRequests
  let wallClock: any WallClock
  let clock: any MonotonicClock
  let random: any Randomness
  let audit: AuditTrail

  init(requests: UserRequests, audit: AuditTrail, ports: Ports) {
    self.requests = requests
    self.audit = audit
    wallClock = ports.wallClock
    clock = ports.pollClock
    random = ports.random
  }

  /// How much longer than its caller an invocation waits for the pod's answer, which tells what became of it. More than
  /// the caller's patience behind the commit point, so that this ends it and the state stays "unknown".
  private static let overtime: Duration = .seconds(3)

  /// Starts a run; with `wait` follows it until it ends or a person has to act.
  package func invoke(
    _ invocation: AgentInvocation,
    permit: Authorization.Permit,
    wait: Bool,
    for caller: any Caller
  ) async throws(Failure) -> AgentRun {
    let session = try AgentSession(
      permit,
      agent: invocation.agent,
      mode: invocation.invocationMode,
      invoking: true,
      requests: requests
    )
    let startedAt = wallClock.now().rfc3339
    let profile = session.permit.profile
    var facts = AuditFacts(profile: profile.name, subject: session.permit.grant.subject.text)
    facts.grant = session.permit.grant.audited
    facts.scope = session.scope
    facts.agent = invocation.agent
    let status = try await audit.recording(.invokeAgent, facts, profile.auditMode, deadline: caller.deadline) {
      facts throws(Failure) in
      let status = try await start(invocation, session, &facts, for: caller)
      facts.jobId = status.jobId
      return status
    }
    guard let jobId = status.jobId else { throw session.malformed("an answer without jobId") }
    var run = AgentRun(
      agent: invocation.agent,
      jobId: jobId,
      conversationId: status.conversationId ?? invocation.conversationId,
      state: .running,
      startedAt: startedAt,
      polls: 0
    )
    run.take(status, at: wallClock.now())
    // In this order: a caller whose time ended meanwhile is told the job, not that nothing is known.
    caller.onAbandon(run.detached)
    caller.leaveCommitPoint()
    caller.report("The run has started.", detail: run.progress)
    return wait ? try await polling(session).follow(run, for: caller) : run
  }

  /// The state of a run; with `wait` follows it to its end.
  package func run(
    agent: String,
    jobId: String,
    permit: Authorization.Permit,
    wait: Bool,
    for caller: any Caller
  ) async throws(Failure) -> AgentRun {
    let session = try AgentSession(permit, agent: agent, mode: "END_USER", invoking: false, requests: requests)
    var run = AgentRun(
      agent: agent,
      jobId: jobId,
      state: .running,
      startedAt: wallClock.now().rfc3339,
      polls: 0
    )
    caller.onAbandon(run.detached)
    try await polling(session).poll(&run, for: caller)
    return wait ? try await polling(session).follow(run, for: caller) : run
  }

  private func polling(_ session: AgentSession) -> RunPolling {
    RunPolling(session: session, wallClock: wallClock, clock: clock, random: random)
  }

  private func start(
    _ invocation: AgentInvocation,
    _ session: AgentSession,
    _ facts: inout AuditFacts,
    for caller: any Caller
  ) async throws(Failure) -> AgentStatus {
    let response = try await session.send(
      for: caller,
      what: "agent \(invocation.agent)",
      isInvoking: true,
      deadline: caller.deadline.advanced(by: Self.overtime)
    ) { request throws(Failure) in
      let message = try request.invoke(invocation)
      try commit(caller)
      caller.onAbandon(["state": "unknown", "agent": .string(invocation.agent)])
      return message
    }
    facts.ecid = response.ecid
    return try session.status(in: response)
  }
}
