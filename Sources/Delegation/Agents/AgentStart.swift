package import JSON

/// What makes the pod act, once: it starts a run, or lets one go on.
struct AgentAct {
  let operation: AuditOperation
  /// What is asked for, for the words of a refusal.
  let what: String
  /// Of the run that goes on; a new one gets its own.
  var jobId: String?
  var conversationId: String?
  let build: (AgentRequest) throws(Failure) -> HTTPRequest

  init(
    _ operation: AuditOperation,
    what: String,
    build: @escaping (AgentRequest) throws(Failure) -> HTTPRequest
  ) {
    self.operation = operation
    self.what = what
    self.build = build
  }

  /// What is known as long as nothing has come back.
  func unknown(_ session: AgentSession) -> UnknownRun {
    UnknownRun(agent: session.agent, jobId: jobId, conversationId: conversationId)
  }
}

/// The request that must not be sent twice.
extension AgentService {
  /// How much longer than its caller an invocation waits for the pod's answer, which tells what became of it. More than
  /// the caller's patience behind the commit point, so that this ends it and the state stays "unknown".
  static let overtime: Duration = .seconds(3)

  /// What the pod said of the run, and which one that is.
  typealias Accepted = (status: AgentStatus, jobId: String)

  /// The run as the pod has accepted it, audited, and the caller told of it.
  func begin(_ act: AgentAct, _ session: AgentSession, for caller: any Caller) async throws(Failure) -> AgentRun {
    try await begin(act, session, for: caller) { facts throws(Failure) in
      try await send(act, session, &facts, for: caller)
    }
  }

  /// The same, sent in another way.
  func begin(
    _ act: AgentAct,
    _ session: AgentSession,
    for caller: any Caller,
    sending: (inout AuditFacts) async throws(Failure) -> Accepted
  ) async throws(Failure) -> AgentRun {
    let startedAt = wallClock.now().rfc3339
    let profile = session.permit.profile
    var facts = AuditFacts(profile: profile.name, subject: session.permit.grant.subject.text)
    facts.grant = session.permit.grant.audited
    facts.scope = session.scope
    facts.agent = session.agent
    facts.jobId = act.jobId
    let (status, jobId) = try await audit.recording(act.operation, facts, profile.auditMode, deadline: caller.deadline)
    {
      facts throws(Failure) in
      let accepted = try await sending(&facts)
      facts.jobId = accepted.jobId
      return accepted
    }
    var run = AgentRun(
      agent: session.agent,
      jobId: jobId,
      conversationId: status.conversationId ?? act.conversationId,
      state: .running,
      startedAt: startedAt,
      polls: 0
    )
    run.take(status, at: wallClock.now())
    // In this order: a caller whose time ended meanwhile is told the job, not that nothing is known.
    caller.onAbandon(run.detached)
    caller.leaveCommitPoint()
    session.note(run)
    caller.report("The run has started.", detail: run.progress)
    return run
  }

  /// A failure that leaves open whether the pod has acted says so; it is never answered by sending once more.
  func send(
    _ act: AgentAct,
    _ session: AgentSession,
    _ facts: inout AuditFacts,
    for caller: any Caller
  ) async throws(Failure) -> Accepted {
    do throws(Failure) {
      let response = try await session.send(
        for: caller,
        what: act.what,
        deadline: caller.deadline.advanced(by: Self.overtime)
      ) { request throws(Failure) in
        let message = try act.build(request)
        try commit(caller)
        caller.onAbandon(act.unknown(session).whereabouts)
        return message
      }
      facts.ecid = response.ecid
      let status = try session.status(in: response)
      guard let jobId = status.jobId ?? act.jobId else { throw session.malformed("an answer without jobId") }
      return (status, jobId)
    } catch .fusion(.refused(var refusal)) where refusal.status == 409 && act.jobId != nil {
      refusal.kind = .notWaiting
      throw .fusion(.refused(refusal))
    } catch {
      throw error.leavesOpenWhatWasDone ? .startUnknown(act.unknown(session), error) : error
    }
  }
}

/// A run of which nobody knows whether it has begun, or gone on.
package struct UnknownRun: Sendable, Equatable {
  package let agent: String
  package let jobId: String?
  package let conversationId: String?

  package init(agent: String, jobId: String?, conversationId: String?) {
    self.agent = agent
    self.jobId = jobId
    self.conversationId = conversationId
  }

  package var whereabouts: JSONValue {
    .whereabouts(state: "unknown", agent: agent, jobId: jobId, conversationId: conversationId)
  }
}

extension Failure {
  /// Whether the pod may have acted on the request that failed so.
  var leavesOpenWhatWasDone: Bool {
    switch self {
    case .network(let failure):
      switch failure.problem {
      case .http(.broken(_, let isSent)), .http(.timedOut(_, let isSent)): failure.party == .pod && isSent
      case .http(.responseTooLarge), .malformed: failure.party == .pod
      case .http(.unreachable), .http(.tlsFailed), .http(.invalidRequest), .http(.cancelled), .unexpectedRedirect: false
      }
    case .fusion(.refused(let refusal)):
      switch refusal.status {
      // It cannot be taken on.
      case 501, 505: false
      // It was not, says who names a time; a gateway whose connection broke behind the request says 503 too.
      case 503: refusal.retryAfterMs == nil
      default: refusal.status >= 500
      }
    case .params, .profile, .policy, .store, .file, .key, .token, .fusion, .audit, .duringRun, .startUnknown,
      .abandoned:
      false
    }
  }
}
