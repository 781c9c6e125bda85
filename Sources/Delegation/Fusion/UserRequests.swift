import JSON

/// Sends requests to the pod as the user.
struct UserRequests: Sendable {
  let tokens: TokenService
  let http: any HTTPClient
  let refused: RefusedTokens

  /// Where a request goes and with what.
  struct Ticket {
    let profile: Profile
    let origin: Origin
    /// The access token: a credential.
    let token: String

    func request(
      _ method: RequestMethod,
      _ target: String,
      headers: [(name: String, value: String)],
      body: [UInt8]?,
      deadline: ContinuousClock.Instant
    ) -> HTTPRequest {
      var request = HTTPRequest(
        method: method,
        origin: origin,
        target: target,
        headers: headers + [(name: "Authorization", value: "Bearer \(token)")],
        body: body,
        deadline: deadline
      )
      request.caFile = profile.caFile
      request.proxy = profile.proxy
      return request
    }

    /// - Parameter type: what the answer is to be.
    func request(
      _ method: RequestMethod,
      _ target: String,
      accepting type: String = "application/json",
      json body: [UInt8]?,
      deadline: ContinuousClock.Instant
    ) -> HTTPRequest {
      var headers = [(name: "Accept", value: type)]
      if body != nil { headers.append((name: "Content-Type", value: "application/json")) }
      return request(method, target, headers: headers, body: body, deadline: deadline)
    }
  }

  /// One answer, whatever its status but a redirect: that is not followed, and an error.
  ///
  /// A 401 is answered with a new token, once: the pod has not acted on the first. The second is the answer, and for a
  /// while so is the first to that token.
  /// - Parameters:
  ///   - ask: asks policy for the request, and names the scope of its token; nil is the profile's own. Called under the
  ///     rules as they are before the token is fetched and again before the request is sent.
  ///   - build: makes the request; called right before it is sent.
  func send(
    as permit: Authorization.Permit,
    for caller: any Caller,
    asking ask: (Authorization.Permit) throws(Failure) -> String?,
    _ build: (Ticket) throws(Failure) -> HTTPRequest
  ) async throws(Failure) -> HTTPResponse {
    try await answer(as: permit, for: caller, asking: ask, build) { request, credentials throws(HTTPFailure) in
      credentials.masked(try await http.send(request))
    }
  }

  /// The same of a request that asks for events: a success that is a stream of them is left to be read.
  func open(
    as permit: Authorization.Permit,
    for caller: any Caller,
    asking ask: (Authorization.Permit) throws(Failure) -> String?,
    _ build: (Ticket) throws(Failure) -> HTTPRequest
  ) async throws(Failure) -> EventAnswer {
    try await answer(as: permit, for: caller, asking: ask, build) { request, credentials throws(HTTPFailure) in
      try await EventAnswer(try await http.open(request), masking: credentials)
    }
  }

  private func answer<Answer: UserAnswer>(
    as permit: Authorization.Permit,
    for caller: any Caller,
    asking ask: (Authorization.Permit) throws(Failure) -> String?,
    _ build: (Ticket) throws(Failure) -> HTTPRequest,
    sending: (HTTPRequest, SentCredentials) async throws(HTTPFailure) -> Answer
  ) async throws(Failure) -> Answer {
    let first = try await sendOnce(as: permit, for: caller, asking: ask, build, sending: sending)
    guard first.answer.status == 401, !refused.contains(first.token) else { return first.answer }
    caller.leaveCommitPoint()
    let second = try await sendOnce(
      as: permit,
      otherThan: first.token,
      for: caller,
      asking: ask,
      build,
      sending: sending
    )
    if second.answer.status == 401 { refused.add(second.token) }
    return second.answer
  }

  private func sendOnce<Answer: UserAnswer>(
    as permit: Authorization.Permit,
    otherThan refused: AccessToken? = nil,
    for caller: any Caller,
    asking ask: (Authorization.Permit) throws(Failure) -> String?,
    _ build: (Ticket) throws(Failure) -> HTTPRequest,
    sending: (HTTPRequest, SentCredentials) async throws(HTTPFailure) -> Answer
  ) async throws(Failure) -> (answer: Answer, token: AccessToken) {
    let current = try permit.renewed(deadline: caller.deadline)
    let wanted = TokenService.Request(current, scope: try ask(current))
    let granted = try await token(wanted, otherThan: refused, for: caller)
    // An exchange may take long, and rules may change meanwhile.
    _ = try ask(granted.permit)
    let profile = granted.permit.profile
    let origin = try profile.fusion
    caller.onAbandon(["waitingFor": .string(origin.text)])
    let request = try build(Ticket(profile: profile, origin: origin, token: granted.token.text))
    let answer: Answer
    do throws(HTTPFailure) {
      answer = try await sending(request, SentCredentials(jwts: [granted.token.text]))
    } catch .cancelled {
      throw .abandoned
    } catch {
      throw .network(
        NetworkFailure(
          .pod,
          server: origin.text,
          problem: .http(error),
          isRepeatable: request.method.isRepeatable(with: request.headers)
        )
      )
    }
    if (300..<400).contains(answer.status), answer.status != 304 {
      let problem = NetworkFailure.Problem.unexpectedRedirect(status: answer.status)
      throw .network(NetworkFailure(.pod, server: origin.text, problem: problem))
    }
    return (answer, granted.token)
  }

  /// Those who hear late that a token is refused take the one that another has got meanwhile.
  private func token(
    _ wanted: TokenService.Request,
    otherThan refused: AccessToken?,
    for caller: any Caller
  ) async throws(Failure) -> TokenService.Answer {
    guard let refused else { return try await tokens.token(wanted, for: caller) }
    if let cached = try tokens.cached(wanted), cached.token.text != refused.text { return cached }
    var renewed = wanted
    renewed.forceRefresh = true
    return try await tokens.token(renewed, for: caller)
  }
}

/// What the pod gives for one request.
private protocol UserAnswer {
  var status: Int { get }
}

extension HTTPResponse: UserAnswer {}

extension EventAnswer: UserAnswer {}
