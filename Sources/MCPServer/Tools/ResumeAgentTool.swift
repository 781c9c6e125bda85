import Delegation
import JSON
import JSONRPC

/// `resume_agent`: asks the person at the host for what a run waits for, and sends the run that answer.
///
/// The model names the run and nothing else. What is sent comes from the host's form alone, bound to the run and to the
/// question that was shown: no text of an agent or a model can approve anything.
struct ResumeAgentTool: Tool {
  let desk: RunDesk
  let approvals: Approvals
  let digests: any Digests
  let name = "resume_agent"
  let timeout: Duration = .seconds(900)

  /// For a person to read, think and answer; the rest of the time is the run's.
  private static let patience: Duration = .seconds(600)
  /// The name of the question among those a host is given.
  private static let key = "approval"

  let definition: JSONValue = [
    "name": "resume_agent",
    "title": "Ask a person for what a run waits for",
    "description": """
    For a run in state waiting: asks the person at this host what to answer, sends the answer to the agent, and waits \
    for the end of the run. Only the person decides; nothing of a decision can be given as an argument.
    """,
    "inputSchema": [
      "type": "object",
      "properties": ["jobId": RunSchemas.jobId],
      "required": ["jobId"],
      "additionalProperties": false,
    ],
    "outputSchema": RunSchemas.output(),
    "annotations": RunSchemas.acting("Ask a person for what a run waits for"),
  ]

  private struct Arguments: Decodable {
    let jobId: String
  }

  func call(_ arguments: JSONElement?, _ call: ToolCall) async -> ToolOutcome {
    do throws(ToolFailure) {
      let own = try desk.own(try reading(Arguments.self, arguments).jobId)
      let run = try await waiting(own, call.call)
      let question = ApprovalQuestion(of: run, digests)
      guard call.client.revision.isStateless else { return try await askNow(run, question, own, call) }
      return try await askByResult(run, question, own, call)
    } catch {
      return .result(ToolResult(error))
    }
  }

  /// The run as it is now, which must wait.
  private func waiting(_ own: OwnRuns.Run, _ call: Call) async throws(ToolFailure) -> AgentRun {
    let run = try await desk.answering("resumeAgent", agent: own.agent) { () throws(Failure) in
      _ = try desk.permit(agent: own.agent, invoking: true, for: call)
      return try await desk.look(at: own, wait: false, for: call)
    }
    guard run.state == .waiting else { throw .notWaiting(run) }
    guard desk.runs.isLast(run.jobId) else { throw .answered(run) }
    return run
  }

  // MARK: Revisions with a handshake: the host is sent a request

  private func askNow(
    _ run: AgentRun,
    _ question: ApprovalQuestion,
    _ own: OwnRuns.Run,
    _ call: ToolCall
  ) async throws(ToolFailure) -> ToolOutcome {
    guard call.client.showsForms else {
      throw .notSent(
        run,
        kind: "elicitation_unsupported",
        "This host cannot ask a person (it has no form elicitation), so nothing was sent.",
        hint: "The person can answer in Fusion."
      )
    }
    let params = form(run, question, withMode: call.client.revision != .june2025)
    let result = try await show(params, run, call.call)
    return .result(try await send(ApprovalForm.answer(result), to: run, question, own, call.call))
  }

  private func show(_ form: JSONValue, _ run: AgentRun, _ call: Call) async throws(ToolFailure) -> JSONElement {
    guard approvals.beginForm(jobId: run.jobId) else { throw .pending(run) }
    defer { approvals.endForm(jobId: run.jobId) }
    try countForm(run)
    call.report("Asking the person at the host.")
    do throws(QuestionFailure) {
      return try await call.ask("elicitation/create", form, within: Self.patience)
    } catch {
      throw .unanswered(run, error)
    }
  }

  private func countForm(_ run: AgentRun) throws(ToolFailure) {
    do throws(ToolFailure) { try desk.forms.take() } catch { throw error.about(run) }
  }

  // MARK: Revisions without: the host is asked by the result, and calls again

  private func askByResult(
    _ run: AgentRun,
    _ question: ApprovalQuestion,
    _ own: OwnRuns.Run,
    _ call: ToolCall
  ) async throws(ToolFailure) -> ToolOutcome {
    guard call.client.showsForms else { return .error(.withoutForms) }
    guard let state = call.input.state else { return try ask(run, question) }
    guard let open = approvals.take(state), open.jobId == run.jobId else { return .error(.foreignState) }
    // The question has changed since, or there is no answer: the person is asked again.
    guard open.question == question, let answer = call.input.answers?[Self.key] else {
      return try ask(run, question)
    }
    return .result(try await send(ApprovalForm.answer(answer), to: run, question, own, call.call))
  }

  private func ask(_ run: AgentRun, _ question: ApprovalQuestion) throws(ToolFailure) -> ToolOutcome {
    try countForm(run)
    let request: JSONValue = ["method": "elicitation/create", "params": form(run, question, withMode: true)]
    return .inputRequired(
      requests: .object([.init(Self.key, request)]),
      state: approvals.ask(jobId: run.jobId, question: question)
    )
  }

  private func form(_ run: AgentRun, _ question: ApprovalQuestion, withMode: Bool) -> JSONValue {
    ApprovalForm.params(run, question, subject: desk.settings.subject, withMode: withMode)
  }

  // MARK: The person's answer

  private func send(
    _ answer: ApprovalForm.Answer,
    to run: AgentRun,
    _ question: ApprovalQuestion,
    _ own: OwnRuns.Run,
    _ call: Call
  ) async throws(ToolFailure) -> ToolResult {
    switch answer {
    case .declined:
      throw .notSent(
        run,
        kind: "approval_declined",
        "The person declined to answer, so nothing was sent.",
        hint: "Do not ask again unless they want it."
      )
    case .dismissed:
      throw .notSent(
        run,
        kind: "approval_dismissed",
        "The person gave no answer, so nothing was sent.",
        hint: "Ask them before this tool is called again."
      )
    case .unusable(let problem):
      throw .notSent(
        run,
        kind: "approval_unusable",
        "The host's answer to the form cannot be used: \(problem). Nothing was sent.",
        hint: "Call this tool again; the person is asked again."
      )
    case .reply(let text): return try await send(text, to: run, question, own, call)
    }
  }

  /// The person has thought for a while: the run is looked at once more, and nobody else writes meanwhile.
  private func send(
    _ reply: String,
    to run: AgentRun,
    _ question: ApprovalQuestion,
    _ own: OwnRuns.Run,
    _ call: Call
  ) async throws(ToolFailure) -> ToolResult {
    guard let conversationId = run.conversationId else {
      throw .notSent(
        run,
        kind: "conversation_not_found",
        "The pod names no conversation of this run, so nothing was sent.",
        hint: "The person can answer in Fusion."
      )
    }
    let claim: OwnRuns.Claim
    do throws(OwnRuns.Refusal) { claim = try desk.runs.claim(conversationId) } catch {
      throw ToolFailure(conversation: error)
    }
    var isUncertain = false
    defer { desk.runs.giveBack(claim, isUncertain: isUncertain) }
    let now = try await waiting(own, call)
    guard claim.run.jobId == run.jobId, ApprovalQuestion(of: now, digests) == question else {
      throw .notSent(
        now,
        kind: "approval_outdated",
        "The run asks something else now than the person was shown, so nothing was sent.",
        hint: "Call this tool again; the person is asked anew."
      )
    }
    do throws(ToolFailure) { try desk.limit.take() } catch { throw error.about(now) }
    let caller = RunCaller(call, agent: own.agent, runs: desk.runs)
    do throws(ToolFailure) {
      let run = try await desk.answering("resumeAgent", agent: own.agent) { () throws(Failure) in
        try await desk.resume(own, conversationId: conversationId, reply: reply, for: call, as: caller)
      }
      return ToolResult(RunView.members(run))
    } catch {
      isUncertain = caller.mayHaveStartedUnknown && !error.isCertain
      throw isUncertain ? error.uncertain : error
    }
  }
}

extension ToolFailure {
  fileprivate static func notWaiting(_ run: AgentRun) -> ToolFailure {
    notSent(
      run,
      kind: "run_not_waiting",
      "The run waits for nobody: it is \(run.state.rawValue). Nothing was sent.",
      hint: "Look at it with get_agent_run."
    )
  }

  fileprivate static func pending(_ run: AgentRun) -> ToolFailure {
    notSent(
      run,
      kind: "approval_pending",
      "The person is being asked about this run already, so nothing was sent.",
      hint: "Wait for the result of that call."
    )
  }

  fileprivate static func answered(_ run: AgentRun) -> ToolFailure {
    notSent(
      run,
      kind: "run_not_waiting",
      "What this run waited for has been answered; its conversation goes on in another run. Nothing was sent.",
      hint: "Look at that run with get_agent_run."
    )
  }

  fileprivate static func unanswered(_ run: AgentRun, _ failure: QuestionFailure) -> ToolFailure {
    let reason =
      switch failure {
      case .refused: "The host refused to ask the person"
      case .notInTime: "The person did not answer in time"
      case .withdrawn: "The call has ended"
      case .nobodyThere: "The host has gone"
      }
    return notSent(
      run,
      kind: "approval_unanswered",
      "\(reason), so nothing was sent.",
      hint: "Ask the person before this tool is called again."
    )
  }

  fileprivate static func notSent(_ run: AgentRun, kind: String, _ message: String, hint: String) -> ToolFailure {
    ToolFailure(kind: kind, message, hint: hint).about(run)
  }
}
