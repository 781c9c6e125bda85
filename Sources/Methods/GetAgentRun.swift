package import Delegation
package import JSONRPC

package enum GetAgentRun: Method {
  package static let name = "getAgentRun"
  package static let defaultTimeout: Duration = .seconds(300)

  package struct Params: Decodable, Sendable, UserParams {
    let profile: String?
    let subject: String?
    let userToken: String?
    let agent: String
    let jobId: String
    let invocationMode: InvokeAgent.InvocationMode?
    let wait: Bool?
    let prompt: Bool?
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError)
    -> AgentRun
  {
    let asked = params.asked(agent: params.agent, jobId: params.jobId)
    return try await services.answering(name, asked, prompt: params.prompt, for: call) { () throws(Failure) in
      try checking { () throws(ParamsFailure) in
        try AgentNames.checkCode(params.agent)
        try AgentNames.checkIdentifier(params.jobId, field: "jobId")
      }
      let permit = try params.permit(services, deadline: call.deadline)
      return try await services.domain.agents.run(
        agent: params.agent,
        jobId: params.jobId,
        mode: params.invocationMode?.rawValue,
        permit: permit,
        wait: params.wait ?? false,
        for: call
      )
    }
  }
}
