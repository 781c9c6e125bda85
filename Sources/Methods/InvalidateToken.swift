import Delegation
package import JSONRPC

package enum InvalidateToken: Method {
  package static let name = "invalidateToken"

  package struct Params: Decodable, Sendable, UserParams {
    let profile: String?
    let subject: String?
    let userToken: String?
    let scope: String?
  }

  package struct Result: Encodable, Sendable {
    let invalidated = true
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.answering(name, params.asked(scope: params.scope), for: call) { () throws(Failure) in
      let permit = try params.permit(services, deadline: call.deadline)
      try services.domain.tokens.invalidate(TokenService.Request(permit, scope: params.scope))
      return Result()
    }
  }
}
