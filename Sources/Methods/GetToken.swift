import Delegation
package import JSONRPC

package enum GetToken: Method {
  package static let name = "getToken"

  package struct Params: Decodable, Sendable, UserParams {
    let profile: String?
    let subject: String?
    let userToken: String?
    let scope: String?
    let minTtlSeconds: Int?
    let forceRefresh: Bool?
    let prompt: Bool?
  }

  package struct Result: Encodable, Sendable {
    let accessToken: String
    let tokenType = "Bearer"
    let expiresAt: String
    let expiresInSeconds: Int64
    let scope: String
    let subject: String
    let source: TokenService.Answer.Source
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  /// A cache hit needs no task: policy and cache are asked on the reader's thread, and no file is read there.
  package static func answerAtOnce(
    _ params: Params,
    in services: Services
  ) -> Swift.Result<Result, ResponseError>? {
    guard services.domain.authorization.isCurrent else { return nil }
    do throws(Failure) {
      let (request, permit) = try request(params, services, deadline: .now)
      return services.domain.tokens.cached(request, profile: permit.profile).map { .success(result($0, services)) }
    } catch {
      return .failure(services.refusal(name, params.asked(scope: params.scope), error))
    }
  }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.answering(name, params.asked(scope: params.scope), prompt: params.prompt, for: call) {
      () throws(Failure) in
      let (request, permit) = try request(params, services, deadline: call.deadline)
      return result(try await services.domain.tokens.token(request, profile: permit.profile), services)
    }
  }

  private static func request(
    _ params: Params,
    _ services: Services,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> (TokenService.Request, Authorization.Permit) {
    try checking { () throws(ParamsFailure) in
      try FieldRules.range(params.minTtlSeconds, 0...3600, field: "minTtlSeconds")
    }
    let permit = try params.permit(services, deadline: deadline)
    try permit.permitRawCredentials()
    let request = TokenService.Request(
      permit.grant,
      scope: try permit.scope(params.scope),
      minimumSeconds: params.minTtlSeconds ?? 60,
      forceRefresh: params.forceRefresh ?? false
    )
    return (request, permit)
  }

  private static func result(_ answer: TokenService.Answer, _ services: Services) -> Result {
    let token = answer.token
    return Result(
      accessToken: token.text,
      expiresAt: token.expiresAt.rfc3339,
      expiresInSeconds: max(0, token.expiresAt.seconds - services.domain.wallClock.now().seconds),
      scope: token.scope,
      subject: token.subject,
      source: answer.source
    )
  }
}
