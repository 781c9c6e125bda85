import JSON

/// Runs agents as the user: invoke, poll to the end, report; find a run again; let one go on that waits for a person.
package struct AgentService: Sendable {
  let requests: UserRequests
  let book = RunBook()
  let wallClock: any WallClock
  let clock: any MonotonicClock
  let random: any Randomness
  let audit: AuditTrail
  let words: FailureWords

  init(requests: UserRequests, audit: AuditTrail, ports: Ports, words: FailureWords) {
    self.requests = requests
    self.audit = audit
    self.words = words
    wallClock = ports.wallClock
    clock = ports.pollClock
    random = ports.random
  }

  /// Starts a run; with `wait` follows it until it ends or a person has to act.
  ///
  /// - Parameter stream: whether the caller, who waits, is told what the agent says while it says it.
  package func invoke(
    _ invocation: AgentInvocation,
    permit: Authorization.Permit,
    wait: Bool,
    stream: Bool = false,
    for caller: any Caller
  ) async throws(Failure) -> AgentRun {
    let session = try AgentSession(
      permit,
      agent: invocation.agent,
      mode: invocation.invocationMode,
      invoking: true,
      conversationId: invocation.conversationId,
      requests: requests,
      book: book
    )
    var act = AgentAct(.invokeAgent, what: "agent \(invocation.agent)") { request throws(Failure) in
      try request.invoke(invocation)
    }
    act.conversationId = invocation.conversationId
    if stream {
      return try await RunStreaming(service: self, session: session, polling: polling(session), act: act)
        .run(invocation, for: caller)
    }
    let run = try await begin(act, session, for: caller)
    return wait ? try await polling(session).follow(run, for: caller) : run
  }

  /// The state of a run; with `wait` follows it to its end, or until a person has to act.
  ///
  /// - Parameter mode: what it was invoked as; nil is what this process knows, else the pod's default.
  package func run(
    agent: String,
    jobId: String,
    mode: String? = nil,
    permit: Authorization.Permit,
    wait: Bool,
    for caller: any Caller
  ) async throws(Failure) -> AgentRun {
    let session = try AgentSession(
      permit,
      agent: agent,
      mode: mode,
      invoking: false,
      jobId: jobId,
      requests: requests,
      book: book
    )
    var run = unseen(jobId, of: agent)
    caller.onAbandon(run.detached)
    guard wait else {
      try await polling(session).poll(&run, for: caller)
      return run
    }
    return try await polling(session).follow(run, isFound: false, for: caller)
  }

  /// Lets a run go on that waits for a person; with `wait` follows what comes of it.
  ///
  /// Where `jobId` is given the run is looked at first: one that does not wait is not answered.
  package func resume(
    _ resumption: AgentResumption,
    permit: Authorization.Permit,
    wait: Bool,
    for caller: any Caller
  ) async throws(Failure) -> AgentRun {
    let session = try AgentSession(
      permit,
      agent: resumption.agent,
      mode: resumption.invocationMode,
      invoking: true,
      jobId: resumption.jobId,
      conversationId: resumption.conversationId,
      requests: requests,
      book: book
    )
    if let jobId = resumption.jobId { try await requireWaiting(jobId, resumption, session, for: caller) }
    var act = AgentAct(.resumeAgent, what: resumption.what) { request throws(Failure) in
      try request.resume(resumption, mode: session.mode)
    }
    act.conversationId = resumption.conversationId
    act.jobId = resumption.sameRun
    let run = try await begin(act, session, for: caller)
    return wait ? try await polling(session).follow(run, for: caller) : run
  }

  private func requireWaiting(
    _ jobId: String,
    _ resumption: AgentResumption,
    _ session: AgentSession,
    for caller: any Caller
  ) async throws(Failure) {
    let status = try await polling(session).status(of: jobId, for: caller)
    var run = unseen(jobId, of: resumption.agent)
    run.polls += 1
    run.take(status, at: wallClock.now())
    try session.claim(run, named: status.jobId)
    if let conversationId = run.conversationId, conversationId != resumption.conversationId {
      throw .params(ParamsFailure("conversationId", "is not the one of this job"))
    }
    guard run.state == .waiting else { throw .fusion(.notWaiting(run: run)) }
  }

  /// A run of which the pod has not told yet.
  private func unseen(_ jobId: String, of agent: String) -> AgentRun {
    AgentRun(agent: agent, jobId: jobId, state: .running, startedAt: wallClock.now().rfc3339, polls: 0)
  }

  private func polling(_ session: AgentSession) -> RunPolling {
    RunPolling(session: session, wallClock: wallClock, clock: clock, random: random, words: words)
  }
}
