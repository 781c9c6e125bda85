package import JSON

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

  /// How many polls in a row may fail for a reason that passes: a reset, a 503.
  private static let tolerableFailures = 4
  /// How long one poll may take: a pod that has fallen silent is asked again.
  private static let pollTimeout: Duration = .seconds(30)
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
    let session = try Session(permit, agent: invocation.agent, mode: invocation.invocationMode, invoking: true)
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
    guard let jobId = status.jobId else {
      throw .network(
        NetworkFailure(.pod, server: session.origin.text, problem: .malformed(found: "an answer without jobId"))
      )
    }
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
    return wait ? try await follow(run, session, for: caller) : run
  }

  /// The state of a run; with `wait` follows it to its end.
  package func run(
    agent: String,
    jobId: String,
    permit: Authorization.Permit,
    wait: Bool,
    for caller: any Caller
  ) async throws(Failure) -> AgentRun {
    let session = try Session(permit, agent: agent, mode: "END_USER", invoking: false)
    var run = AgentRun(
      agent: agent,
      jobId: jobId,
      state: .running,
      startedAt: wallClock.now().rfc3339,
      polls: 0
    )
    caller.onAbandon(run.detached)
    try await poll(&run, session, for: caller)
    return wait ? try await follow(run, session, for: caller) : run
  }

  /// One user, one agent, and policy's word that they may.
  private struct Session {
    let permit: Authorization.Permit
    let origin: Origin
    /// The profile's own.
    let scope: String
    let agent: String
    let mode: String
    /// Whether it may start a run, or only look at one.
    let invoking: Bool

    init(_ permit: Authorization.Permit, agent: String, mode: String, invoking: Bool) throws(Failure) {
      self.permit = permit
      self.agent = agent
      self.mode = mode
      self.invoking = invoking
      origin = try permit.profile.fusion
      scope = try permit.scope(nil)
      try ask(permit)
    }

    /// Under the rules as they are now: a run may outlast a change of them (invariant 6).
    func ask(_ permit: Authorization.Permit) throws(Failure) {
      do { try permit.layers.permit(agent: agent, invoking: invoking) } catch { throw .policy(error) }
    }
  }

  private func start(
    _ invocation: AgentInvocation,
    _ session: Session,
    _ facts: inout AuditFacts,
    for caller: any Caller
  ) async throws(Failure) -> AgentStatus {
    let response = try await send(
      session,
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
    return try parse(response, session)
  }

  private func follow(
    _ started: AgentRun,
    _ session: Session,
    for caller: any Caller
  ) async throws(Failure) -> AgentRun {
    var run = started
    var schedule = PollSchedule(random: random)
    var failures = 0
    while run.state == .running {
      do { try await clock.sleep(until: clock.now.advanced(by: schedule.next()), tolerance: nil) } catch {
        throw .abandoned
      }
      do throws(Failure) {
        try await poll(&run, session, for: caller)
        failures = 0
      } catch {
        failures += 1
        if error == .abandoned { throw error }
        guard error.passesByItself, failures <= Self.tolerableFailures else { throw .duringRun(run, error) }
        caller.report("The pod did not answer; asking again.", detail: run.progress)
      }
    }
    if run.state == .failed { throw .fusion(.agentFailed(run: run)) }
    return run
  }

  private func poll(_ run: inout AgentRun, _ session: Session, for caller: any Caller) async throws(Failure) {
    let jobId = run.jobId
    let response = try await send(
      session,
      for: ListeningCaller(caller),
      what: "job \(jobId) of agent \(session.agent)",
      deadline: min(caller.deadline, clock.now.advanced(by: Self.pollTimeout))
    ) { request in
      request.status(agent: session.agent, jobId: jobId, invocationMode: session.mode)
    }
    let status = try parse(response, session)
    run.polls += 1
    run.take(status, at: wallClock.now())
    caller.onAbandon(run.detached)
    let note = status.unknownState.map { "The pod says \($0), which is not a known state; taken as running." }
    caller.report(note ?? "The run is \(run.state.rawValue).", detail: run.progress)
  }

  private func send(
    _ session: Session,
    for caller: any Caller,
    what: String,
    isInvoking: Bool = false,
    deadline: ContinuousClock.Instant,
    _ build: (AgentRequest) throws(Failure) -> HTTPRequest
  ) async throws(Failure) -> HTTPResponse {
    let response = try await requests.send(as: session.permit, for: caller) { permit throws(Failure) in
      try session.ask(permit)
      return nil
    } _: { ticket throws(Failure) in
      try build(AgentRequest(ticket: ticket, deadline: deadline))
    }
    guard (200..<300).contains(response.status) else {
      var refusal = FusionRefusal.of(response, what: what)
      refusal.mayHaveActed = isInvoking && [500, 502, 504].contains(response.status)
      throw .fusion(.refused(refusal))
    }
    return response
  }

  private func parse(_ response: HTTPResponse, _ session: Session) throws(Failure) -> AgentStatus {
    do { return try AgentStatus(parsing: response.body) } catch {
      throw .network(NetworkFailure(.pod, server: session.origin.text, problem: .malformed(found: error.found)))
    }
  }
}

extension AgentRun {
  fileprivate mutating func take(_ status: AgentStatus, at now: UnixTime) {
    conversationId = status.conversationId ?? conversationId
    state = status.state
    output = status.output
    error = status.error
    if state == .complete || state == .failed { finishedAt = now.rfc3339 }
  }

  /// What an error says of a run that nobody waits for any more: it may go on at the pod.
  package var detached: JSONValue { whereabouts("detached") }

  fileprivate var progress: JSONValue { whereabouts(state.rawValue) }

  private func whereabouts(_ state: String) -> JSONValue {
    var members = [JSONValue.Member("state", .string(state)), JSONValue.Member("agent", .string(agent))]
    members.append(JSONValue.Member("jobId", .string(jobId)))
    if let conversationId { members.append(JSONValue.Member("conversationId", .string(conversationId))) }
    return .object(members)
  }
}

extension Failure {
  /// Whether asking the same again a moment later makes sense.
  fileprivate var passesByItself: Bool {
    switch self {
    case .network(let failure):
      switch failure.problem {
      case .http(.unreachable), .http(.timedOut), .http(.broken): true
      case .http(.tlsFailed), .http(.responseTooLarge), .http(.invalidRequest), .http(.cancelled): false
      case .unexpectedRedirect, .malformed: false
      }
    case .fusion(.refused(let refusal)): refusal.passes
    case .token, .params, .profile, .policy, .store, .file, .key, .audit, .fusion(.agentFailed), .duringRun, .abandoned:
      false
    }
  }
}
