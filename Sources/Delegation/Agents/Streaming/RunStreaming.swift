import JSON

/// Starts a run at the `chat` endpoint and tells its text while it comes. What its stream leaves open is polled.
struct RunStreaming {
  let service: AgentService
  let session: AgentSession
  let polling: RunPolling
  /// The same without a stream.
  let act: AgentAct

  /// How long the pod may say nothing, not even a comment, before the run is asked for instead.
  static let idleTimeout: Duration = .seconds(60)
  /// Of a whole stream, of which nothing but its text is kept.
  static let maximumBytes = 256 << 20
  /// How often policy is asked about a run that is read of.
  private static let policyInterval: Duration = .seconds(1)

  /// The run as it ended, or as it waits. One that failed is an error.
  func run(_ invocation: AgentInvocation, for caller: any Caller) async throws(Failure) -> AgentRun {
    var streamed: StreamedRun?
    let run = try await service.begin(act, session, for: caller) { facts throws(Failure) in
      switch try await open(invocation, &facts, for: caller) {
      case .events(let run):
        let (run, jobId) = try await begun(run, for: caller)
        streamed = run
        return (AgentStatus(runningJob: jobId, conversationId: run.conversationId), jobId)
      case .accepted(let accepted): return accepted
      case .refused: return try await service.send(act, session, &facts, for: caller)
      }
    }
    guard let streamed else { return try await follow(run, for: caller) }
    return try await follow(run, streamed, for: caller)
  }

  /// What comes of asking for a stream.
  private enum Opening {
    case events(StreamedRun)
    /// The pod has started the run, and does not stream it.
    case accepted(AgentService.Accepted)
    /// The pod does not stream, and has not started anything.
    case refused
  }

  private func open(
    _ invocation: AgentInvocation,
    _ facts: inout AuditFacts,
    for caller: any Caller
  ) async throws(Failure) -> Opening {
    do throws(Failure) {
      let deadline = caller.deadline.advanced(by: AgentService.overtime)
      switch try await session.open(
        for: caller,
        deadline: deadline,
        { request throws(Failure) in
          let message = try request.chat(invocation)
          try commit(caller)
          caller.onAbandon(act.unknown(session).whereabouts)
          return message
        }
      ) {
      case .events(let head, let body, let credentials):
        facts.ecid = head.ecid
        let stream = ChatStream(body, masking: credentials, server: session.origin.text)
        let teller = RunTeller(agent: session.agent, conversationId: act.conversationId, masking: credentials)
        return .events(StreamedRun(stream, teller: teller, clock: service.clock))
      case .whole(let response):
        facts.ecid = response.ecid
        return try taken(response, for: caller)
      }
    } catch {
      throw error.leavesOpenWhatWasDone ? .startUnknown(act.unknown(session), error) : error
    }
  }

  /// An answer that is no stream.
  private func taken(_ response: HTTPResponse, for caller: any Caller) throws(Failure) -> Opening {
    // There is no such path or method, or no such form of answer. A 404 may be about the agent, too: invokeAsync tells.
    if [404, 405, 406, 415, 501].contains(response.status) {
      caller.leaveCommitPoint()
      caller.report("The pod does not stream (\(response.status)); the run is started without.", detail: nil)
      return .refused
    }
    let status = try session.status(in: try session.success(response, what: act.what))
    guard let jobId = status.jobId else { throw session.malformed("an answer without jobId") }
    caller.report("The pod does not stream this run; it is asked for instead.", detail: nil)
    return .accepted((status, jobId))
  }

  /// Reads until the job is known: from there on it can be found again.
  ///
  /// - Throws: `.startUnknown` when the stream ends before.
  private func begun(
    _ run: StreamedRun,
    for caller: any Caller
  ) async throws(Failure) -> (run: StreamedRun, jobId: String) {
    var run = run
    try await run.awaitJob(for: caller)
    if let jobId = run.jobId { return (run, jobId) }
    let failure =
      if case .broken(let failure)? = run.ending { failure } else { session.malformed("a stream without jobId") }
    throw .startUnknown(act.unknown(session), failure)
  }
}

/// What becomes of the run.
extension RunStreaming {
  /// To the end of the stream, and to that of the run where the stream does not tell it.
  private func follow(
    _ started: AgentRun,
    _ streamed: StreamedRun,
    for caller: any Caller
  ) async throws(Failure) -> AgentRun {
    var (run, streamed) = (started, streamed)
    try await read(&streamed, &run, for: caller)
    run.streamed = true
    switch streamed.ending {
    case .finished: streamed.apply(to: &run, at: service.wallClock.now())
    case .unexplained, nil:
      run = try await polling.follow(run, for: caller)
      if run.state == .complete { streamed.apply(to: &run, at: service.wallClock.now()) }
    case .broken(let failure):
      run.streamed = false
      caller.report("\(service.words.explain(failure).summary) The run is asked for instead.", detail: run.progress)
      run = try await polling.follow(run, for: caller)
    }
    session.note(run)
    await streamed.tellRest(of: run.output, to: caller)
    if run.state == .failed { throw .fusion(.agentFailed(run: run)) }
    return run
  }

  private func read(
    _ streamed: inout StreamedRun,
    _ run: inout AgentRun,
    for caller: any Caller
  ) async throws(Failure) {
    var nextAsking = service.clock.now.advanced(by: Self.policyInterval)
    repeat {
      guard try await streamed.hasNext(for: caller) else { return }
      do throws(Failure) { try mayGoOn(&nextAsking, for: caller) } catch {
        streamed.close()
        throw .duringRun(run, error)
      }
      if let conversation = streamed.conversationId, conversation != run.conversationId {
        run.conversationId = conversation
        session.note(run)
        caller.onAbandon(run.detached)
      }
    } while await streamed.tellNext(to: caller)
  }

  /// Whether what was read may be told: `lock` is heard at once, other rules now and then.
  private func mayGoOn(_ nextAsking: inout ContinuousClock.Instant, for caller: any Caller) throws(Failure) {
    try session.requireOpen()
    let now = service.clock.now
    guard now >= nextAsking else { return }
    nextAsking = now.advanced(by: Self.policyInterval)
    try session.mayGoOn(for: caller)
  }

  /// One that is not streamed: told in one piece, so that whoever shows what is told shows the same.
  private func follow(_ started: AgentRun, for caller: any Caller) async throws(Failure) -> AgentRun {
    var run = started
    run.streamed = false
    run = try await polling.follow(run, for: caller)
    var teller = RunTeller(
      agent: run.agent,
      conversationId: run.conversationId,
      masking: SentCredentials(jwts: [])
    )
    teller.jobId = run.jobId
    await teller.tellRest(of: run.output, to: caller)
    return run
  }
}

extension AgentStatus {
  fileprivate init(runningJob jobId: String, conversationId: String?) {
    self.jobId = jobId
    self.conversationId = conversationId
    state = .running
  }
}
