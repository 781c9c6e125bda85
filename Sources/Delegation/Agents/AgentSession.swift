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
  private let book: RunBook

  /// - Parameters:
  ///   - mode: what the run is invoked as; nil is what it was, when this process knows.
  ///   - jobId: of a run that is there already, `conversationId` of a conversation. Those of another user are refused.
  init(
    _ permit: Authorization.Permit,
    agent: String,
    mode: String?,
    invoking: Bool,
    jobId: String? = nil,
    conversationId: String? = nil,
    requests: UserRequests,
    book: RunBook
  ) throws(Failure) {
    self.permit = permit
    self.agent = agent
    self.invoking = invoking
    self.requests = requests
    self.book = book
    let origin = try permit.profile.fusion
    self.origin = origin
    let known = [jobId.map(RunBook.Item.job), conversationId.map(RunBook.Item.conversation)].compactMap(\.self)
    self.mode = mode ?? known.lazy.compactMap { book.mode(of: $0, at: origin) }.first ?? Self.standardMode
    scope = try permit.scope(nil)
    try ask(permit)
    for item in known { try book.check(item, at: origin, for: permit.grant.subject) }
  }

  /// The pod's default.
  private static let standardMode = "END_USER"

  /// The run is the user's from here on, and so is its conversation.
  func note(_ run: AgentRun) {
    let user = permit.grant.subject
    book.note(.job(run.jobId), at: origin, for: user, mode: mode)
    if let conversationId = run.conversationId {
      book.note(.conversation(conversationId), at: origin, for: user, mode: mode)
    }
  }

  /// The same before it is shown.
  ///
  /// - Parameter name: what the pod calls it, which may be another spelling of the id that was asked for.
  /// - Throws: when another user was seen with the run or its conversation. What the pod said of it is not told.
  func claim(_ run: AgentRun, named name: String? = nil) throws(Failure) {
    var items = [RunBook.Item.job(run.jobId)]
    if let name { items.append(.job(name)) }
    if let conversationId = run.conversationId { items.append(.conversation(conversationId)) }
    guard book.claim(items, at: origin, for: permit.grant.subject, mode: mode) else {
      throw .policy(.runDenied(what: items[0].description))
    }
  }

  /// The pod's answer, when it is a success.
  ///
  /// - Parameters:
  ///   - what: what is asked for, for the words of a refusal.
  func send(
    for caller: any Caller,
    what: String,
    deadline: ContinuousClock.Instant,
    _ build: (AgentRequest) throws(Failure) -> HTTPRequest
  ) async throws(Failure) -> HTTPResponse {
    let response = try await requests.send(as: permit, for: caller) { permit throws(Failure) in
      try ask(permit)
      return nil
    } _: { ticket throws(Failure) in
      try build(AgentRequest(ticket: ticket, deadline: deadline))
    }
    return try success(response, what: what)
  }

  /// The same of a request that asks for events: an answer, whatever its status.
  func open(
    for caller: any Caller,
    deadline: ContinuousClock.Instant,
    _ build: (AgentRequest) throws(Failure) -> HTTPRequest
  ) async throws(Failure) -> EventAnswer {
    try await requests.open(as: permit, for: caller) { permit throws(Failure) in
      try ask(permit)
      return nil
    } _: { ticket throws(Failure) in
      try build(AgentRequest(ticket: ticket, deadline: deadline))
    }
  }

  func success(_ response: HTTPResponse, what: String) throws(Failure) -> HTTPResponse {
    guard (200..<300).contains(response.status) else {
      throw .fusion(.refused(FusionRefusal.of(response, what: what)))
    }
    return response
  }

  /// Asks policy once more, for what goes on without a request.
  ///
  /// - Throws: what the next request would have been refused with.
  func mayGoOn(for caller: any Caller) throws(Failure) {
    try requireOpen()
    try ask(try permit.renewed(deadline: caller.deadline))
  }

  /// - Throws: behind `lock`.
  func requireOpen() throws(Failure) { try requests.tokens.cache.requireOpen() }

  func status(in response: HTTPResponse) throws(Failure) -> AgentStatus {
    do { return try AgentStatus(parsing: response.body) } catch { throw malformed(error.found) }
  }

  /// The failure of an answer that cannot be used.
  func malformed(_ found: String) -> Failure {
    .network(NetworkFailure(.pod, server: origin.text, problem: .malformed(found: found)))
  }

  /// Under the rules as they are now: a run may outlast a change of them (invariant 6), but not of its pod.
  private func ask(_ permit: Authorization.Permit) throws(Failure) {
    guard try permit.profile.fusion == origin else {
      throw .profile(
        .invalid(
          profile: permit.profile.name,
          field: "fusionUrl",
          problem: "is another now than when the call began, at \(origin.text)"
        )
      )
    }
    try permit.permitAgent(agent, invoking: invoking)
  }
}
