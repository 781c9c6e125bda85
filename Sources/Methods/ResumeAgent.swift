package import Delegation
import JSON
package import JSONRPC

package enum ResumeAgent: Method {
  package static let name = "resumeAgent"
  package static let defaultTimeout: Duration = .seconds(300)

  package struct Params: Decodable, Sendable, UserParams {
    let profile: String?
    let subject: String?
    let userToken: String?
    let agent: String
    let conversationId: String
    let jobId: String?
    let message: String?
    let resumeNodeInput: RawJSON?
    let version: Int?
    let status: InvokeAgent.Status?
    let parameters: RawJSON?
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
      let resumption = try resumption(params)
      let permit = try params.permit(services, deadline: call.deadline)
      return try await services.domain.agents.resume(resumption, permit: permit, wait: params.wait ?? true, for: call)
    }
  }

  private static func resumption(_ params: Params) throws(Failure) -> AgentResumption {
    try checking { () throws(ParamsFailure) in
      try InvokeAgent.check(params.agent, params.conversationId, params.message, params.version, params.parameters)
      try AgentNames.checkIdentifier(params.jobId, field: "jobId")
    }
    return AgentResumption(
      agent: params.agent,
      conversationId: params.conversationId,
      jobId: params.jobId,
      reply: try reply(params),
      version: params.version,
      status: (params.status ?? .published).rawValue,
      parameters: params.parameters,
      invocationMode: params.invocationMode?.rawValue
    )
  }

  private static func reply(_ params: Params) throws(Failure) -> AgentResumption.Reply {
    switch (params.message, params.resumeNodeInput) {
    case (let message?, nil): return .message(message)
    case (nil, let input?):
      guard input.element.kind == .object else { throw .params(ParamsFailure("resumeNodeInput", "must be an object")) }
      guard params.jobId != nil else {
        throw .params(ParamsFailure("jobId", "is needed with resumeNodeInput: the run that goes on"))
      }
      return .nodeInput(input)
    case (nil, nil): throw .params(ParamsFailure("message", "is needed (or resumeNodeInput, for the node that waits)"))
    case (_?, _?): throw .params(ParamsFailure("resumeNodeInput", "must not stand beside message; send one of them"))
    }
  }
}
