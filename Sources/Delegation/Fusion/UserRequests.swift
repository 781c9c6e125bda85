/// Sends requests to the pod as the user.
struct UserRequests: Sendable {
  let tokens: TokenService
  let http: any HTTPClient

  /// Where a request goes and with what.
  struct Ticket {
    let profile: Profile
    let origin: Origin
    /// The access token: a credential.
    let token: String
  }

  /// One answer, whatever its status but a redirect: that is not followed, and an error.
  ///
  /// A 401 is answered with a new token, once: the pod has not acted on the first. The second is the answer.
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
    let response = try await sendOnce(as: permit, isRenewed: false, for: caller, asking: ask, build)
    guard response.status == 401 else { return response }
    caller.leaveCommitPoint()
    return try await sendOnce(as: permit, isRenewed: true, for: caller, asking: ask, build)
  }

  private func sendOnce(
    as permit: Authorization.Permit,
    isRenewed: Bool,
    for caller: any Caller,
    asking ask: (Authorization.Permit) throws(Failure) -> String?,
    _ build: (Ticket) throws(Failure) -> HTTPRequest
  ) async throws(Failure) -> HTTPResponse {
    let current = try permit.renewed(deadline: caller.deadline)
    let wanted = TokenService.Request(current, scope: try ask(current), forceRefresh: isRenewed)
    let answer = try await tokens.token(wanted, for: caller)
    // An exchange may take long, and rules may change meanwhile.
    _ = try ask(answer.permit)
    let profile = answer.permit.profile
    let origin = try profile.fusion
    let request = try build(Ticket(profile: profile, origin: origin, token: answer.token.text))
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = SentCredentials(jwts: [answer.token.text]).masked(try await http.send(request))
    } catch .cancelled {
      throw .abandoned
    } catch {
      throw .network(
        NetworkFailure(.pod, server: origin.text, problem: .http(error), isRepeatable: request.method.isIdempotent)
      )
    }
    if (300..<400).contains(response.status), response.status != 304 {
      let problem = NetworkFailure.Problem.unexpectedRedirect(status: response.status)
      throw .network(NetworkFailure(.pod, server: origin.text, problem: problem))
    }
    return response
  }
}
