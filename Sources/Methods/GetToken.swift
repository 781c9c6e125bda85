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
    guard let rules = services.domain.authorization.unchangedRules else { return nil }
    do throws(Failure) {
      try check(params)
      let permit = try params.permit(services, under: rules)
      return try services.domain.tokens.cached(request(params, permit)).map { .success(result($0)) }
    } catch {
      return .failure(services.refusal(name, params.asked(scope: params.scope), error))
    }
  }

  /// What was signed or fetched before `lock` is not handed out behind its answer.
  package static func objection(in services: Services) -> ResponseError? { services.objectionWhenLocked(name) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.answering(name, params.asked(scope: params.scope), prompt: params.prompt, for: call) {
      () throws(Failure) in
      try check(params)
      let permit = try params.permit(services, deadline: call.deadline)
      return result(try await services.domain.tokens.token(request(params, permit), for: call))
    }
  }

  private static func check(_ params: Params) throws(Failure) {
    try checking { () throws(ParamsFailure) in
      try FieldRules.range(params.minTtlSeconds, 0...3600, field: "minTtlSeconds")
    }
  }

  private static func request(_ params: Params, _ permit: Authorization.Permit) -> TokenService.Request {
    TokenService.Request(
      permit,
      scope: params.scope,
      minimumSeconds: params.minTtlSeconds,
      forceRefresh: params.forceRefresh ?? false,
      isHandedOut: true
    )
  }

  private static func result(_ answer: TokenService.Answer) -> Result {
    Result(
      accessToken: answer.token.text,
      expiresAt: answer.expiresAt.rfc3339,
      expiresInSeconds: answer.expiresInSeconds,
      scope: answer.token.scope,
      subject: answer.token.subject,
      source: answer.source
    )
  }
}
