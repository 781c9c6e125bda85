package import JSON

/// How a run that waits for a person is to go on.
package struct AgentResumption: Sendable {
  package enum Reply: Sendable {
    /// A message of the same conversation, which the pod answers with a new run. Assumed: Oracle documents no reply.
    case message(String)
    /// An input for the node that waits: a JSON object whose members Oracle does not document, its digits as they were
    /// written. The run itself goes on.
    case nodeInput(RawJSON)
  }

  package var agent: String
  package var conversationId: String
  /// The run that waits. A node input needs it; with a message it is looked at and not sent.
  package var jobId: String?
  package var reply: Reply
  package var version: Int?
  package var status: String
  package var parameters: RawJSON?
  /// Nil is that of the run, when this process knows it.
  package var invocationMode: String?

  package init(
    agent: String,
    conversationId: String,
    jobId: String? = nil,
    reply: Reply,
    version: Int? = nil,
    status: String = "PUBLISHED",
    parameters: RawJSON? = nil,
    invocationMode: String? = nil
  ) {
    self.agent = agent
    self.conversationId = conversationId
    self.jobId = jobId
    self.reply = reply
    self.version = version
    self.status = status
    self.parameters = parameters
    self.invocationMode = invocationMode
  }

  /// The run that goes on under its own id.
  var sameRun: String? { if case .nodeInput = reply { jobId } else { nil } }

  /// For the words of a refusal.
  var what: String {
    "\(jobId.map { "job \($0)" } ?? "conversation \(conversationId)") of agent \(agent)"
  }

  func body(mode: String) -> AgentRequest.Body {
    var body = AgentRequest.Body(
      conversationId: .string(conversationId),
      jobId: sameRun,
      version: version,
      status: status,
      invocationMode: mode,
      parameters: parameters
    )
    switch reply {
    case .message(let message): body.message = message
    case .nodeInput(let input): body.resumeNodeInput = input
    }
    return body
  }
}
