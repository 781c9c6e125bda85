/// One user, one agent, and policy's word that they may.
struct AgentSession {
  let permit: Authorization.Permit
  let origin: Origin
  /// The profile's own.
  let scope: String
  let agent: String
  let mode: String
  /// Whether it may start a run, or only look at one.
  let invoking: Bool
  private let requests: UserRequests

  init(
    _ permit: Authorization.Permit,
    agent: String,
    mode: String,
    invoking: Bool,
    requests: UserRequests
  ) throws(Failure) {
    self.permit = permit
    self.agent = agent
    self.mode = mode
    self.invoking = invoking
    self.requests = requests
    origin = try permit.profile.fusion
    scope = try permit.scope(nil)
    try ask(permit)
  }

  /// The pod's answer, when it is a success.
  ///
  /// - Parameters:
  ///   - what: what is asked for, for the words of a refusal.
  ///   - isInvoking: whether a failure of the pod leaves open if a run was started.
  func send(
    for caller: any Caller,
    what: String,
    isInvoking: Bool = false,
    deadline: ContinuousClock.Instant,
    _ build: (AgentRequest) throws(Failure) -> HTTPRequest
  ) async throws(Failure) -> HTTPResponse {
    let response = try await requests.send(as: permit, for: caller) { permit throws(Failure) in
      try ask(permit)
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

  func status(in response: HTTPResponse) throws(Failure) -> AgentStatus {
    do { return try AgentStatus(parsing: response.body) } catch { throw malformed(error.found) }
  }

  /// The failure of an answer that cannot be used.
  func malformed(_ found: String) -> Failure {
    .network(NetworkFailure(.pod, server: origin.text, problem: .malformed(found: found)))
  }

  /// Under the rules as they are now: a run may outlast a change of them (invariant 6).
  private func ask(_ permit: Authorization.Permit) throws(Failure) {
    do { try permit.layers.permit(agent: agent, invoking: invoking) } catch { throw .policy(error) }
  }
}
