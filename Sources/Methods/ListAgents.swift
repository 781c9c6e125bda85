package import Delegation
package import JSONRPC

package enum ListAgents: Method {
  package static let name = "listAgents"

  package struct Params: Decodable, Sendable, UserParams {
    let profile: String?
    let subject: String?
    let userToken: String?
    let query: String?
    let prompt: Bool?
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError)
    -> AgentRegistry.List
  {
    try await services.answering(name, params.asked(), prompt: params.prompt, for: call) { () throws(Failure) in
      try checking { () throws(ParamsFailure) in
        try FieldRules.length(params.query ?? "", 0...1024, field: "query")
      }
      let permit = try params.permit(services, deadline: call.deadline)
      return try await services.domain.registry.agents(matching: params.query, permit: permit, for: call)
    }
  }
}
