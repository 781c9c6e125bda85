import Delegation
package import JSON
package import JSONRPC

package enum GetAgentCard: Method {
  package static let name = "getAgentCard"

  package struct Params: Decodable, Sendable, UserParams {
    let profile: String?
    let subject: String?
    let userToken: String?
    let agent: String
    let prompt: Bool?
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError)
    -> RawJSON
  {
    try await services.answering(name, params.asked(agent: params.agent), prompt: params.prompt, for: call) {
      () throws(Failure) in
      try checking { () throws(ParamsFailure) in try AgentNames.checkCode(params.agent) }
      let permit = try params.permit(services, deadline: call.deadline)
      return try await services.domain.registry.card(of: params.agent, permit: permit, for: call)
    }
  }
}
