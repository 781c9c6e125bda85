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

  /// The body of `invokeAsync`. `conversational` is always true: without it the pod keeps no conversation.
  fileprivate struct Body: Encodable {
    let conversational = true
    let conversationId: JSONValue
    let message: String
    let version: Int?
    let status: String
    let invocationMode: String
    let parameters: RawJSON?
  }
}

/// The requests of the agent API (Oracle REST reference, `orchestrator/agent/v2`).
struct AgentRequest {
  let ticket: UserRequests.Ticket
  let deadline: ContinuousClock.Instant

  private static let prefix = "/api/fusion-ai/orchestrator/agent/v2"

  func invoke(_ invocation: AgentInvocation) throws(Failure) -> HTTPRequest {
    let body = AgentInvocation.Body(
      conversationId: invocation.conversationId.map(JSONValue.string) ?? .null,
      message: invocation.message,
      version: invocation.version,
      status: invocation.status,
      invocationMode: invocation.invocationMode,
      parameters: invocation.parameters
    )
    let encoded: [UInt8]
    do { encoded = try JSONWriter.encode(body) } catch {
      throw .params(ParamsFailure("parameters", "cannot be written as JSON"))
    }
    return request(.post, "\(Self.prefix)/\(invocation.agent)/invokeAsync", body: encoded)
  }

  /// `invocationMode` is given again: the pod's default is END_USER, whatever the run was started with.
  func status(agent: String, jobId: String, invocationMode: String) -> HTTPRequest {
    request(.get, "\(Self.prefix)/\(agent)/status/\(jobId)?invocationMode=\(invocationMode)")
  }

  private func request(_ method: RequestMethod, _ target: String, body: [UInt8]? = nil) -> HTTPRequest {
    var headers = [
      (name: "Accept", value: "application/json"), (name: "Authorization", value: "Bearer \(ticket.token)"),
    ]
    if body != nil { headers.append((name: "Content-Type", value: "application/json")) }
    var request = HTTPRequest(
      method: method,
      origin: ticket.origin,
      target: target,
      headers: headers,
      body: body,
      deadline: deadline
    )
    request.caFile = ticket.profile.caFile
    request.proxy = ticket.profile.proxy
    return request
  }
}
