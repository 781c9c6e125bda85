package import JSON

/// What a caller wants an agent to do.
package struct AgentInvocation: Sendable {
  package var agent: String
  package var message: String
  package var conversationId: String?
  package var version: Int?
  package var status: String
  /// A JSON object, its digits as they were written.
  package var parameters: RawJSON?
  package var invocationMode: String

  package init(
    agent: String,
    message: String,
    conversationId: String? = nil,
    version: Int? = nil,
    status: String = "PUBLISHED",
    parameters: RawJSON? = nil,
    invocationMode: String = "END_USER"
  ) {
    self.agent = agent
    self.message = message
    self.conversationId = conversationId
    self.version = version
    self.status = status
    self.parameters = parameters
    self.invocationMode = invocationMode
  }

  fileprivate var body: AgentRequest.Body {
    AgentRequest.Body(
      conversationId: conversationId.map(JSONValue.string) ?? .null,
      message: message,
      version: version,
      status: status,
      invocationMode: invocationMode,
      parameters: parameters
    )
  }
}

/// The requests of the agent API (Oracle REST reference, `orchestrator/agent/v2`).
struct AgentRequest {
  let ticket: UserRequests.Ticket
  let deadline: ContinuousClock.Instant

  private static let prefix = "/api/fusion-ai/orchestrator/agent/v2"

  /// The body of `invokeAsync`. `conversational` is always true: without it the pod keeps no conversation.
  struct Body: Encodable {
    let conversational = true
    let conversationId: JSONValue
    var jobId: String?
    var message: String?
    var resumeNodeInput: RawJSON?
    let version: Int?
    let status: String
    let invocationMode: String
    let parameters: RawJSON?
  }

  func invoke(_ invocation: AgentInvocation) throws(Failure) -> HTTPRequest {
    try act(on: invocation.agent, invocation.body)
  }

  /// Starts a run as `invoke` does, and asks for its text as it comes. Assumed: that it takes the same body; Oracle's own
  /// client sends less.
  func chat(_ invocation: AgentInvocation) throws(Failure) -> HTTPRequest {
    var request = try act(on: invocation.agent, at: "chat", accepting: "text/event-stream", invocation.body)
    request.idleTimeout = RunStreaming.idleTimeout
    request.maximumResponseBytes = RunStreaming.maximumBytes
    return request
  }

  func resume(_ resumption: AgentResumption, mode: String) throws(Failure) -> HTTPRequest {
    try act(on: resumption.agent, resumption.body(mode: mode))
  }

  private func act(
    on agent: String,
    at endpoint: String = "invokeAsync",
    accepting type: String = "application/json",
    _ body: Body
  ) throws(Failure) -> HTTPRequest {
    let encoded: [UInt8]
    do { encoded = try JSONWriter.encode(body) } catch {
      throw .params(ParamsFailure("parameters", "cannot be written as JSON"))
    }
    return ticket.request(
      .post,
      "\(Self.prefix)/\(agent)/\(endpoint)",
      accepting: type,
      json: encoded,
      deadline: deadline
    )
  }

  /// `invocationMode` is given again: the pod's default is END_USER, whatever the run was started with.
  func status(agent: String, jobId: String, invocationMode: String) -> HTTPRequest {
    let target = "\(Self.prefix)/\(agent)/status/\(jobId)?invocationMode=\(invocationMode)"
    return ticket.request(.get, target, json: nil, deadline: deadline)
  }
}
