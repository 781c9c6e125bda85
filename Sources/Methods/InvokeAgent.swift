package import Delegation
import JSON
package import JSONRPC

package enum InvokeAgent: Method {
  package static let name = "invokeAgent"
  package static let defaultTimeout: Duration = .seconds(300)

  package struct Params: Decodable, Sendable, UserParams {
    let profile: String?
    let subject: String?
    let userToken: String?
    let agent: String
    let message: String
    let conversationId: String?
    let version: Int?
    let status: Status?
    let parameters: RawJSON?
    let invocationMode: InvocationMode?
    let wait: Bool?
    let stream: Bool?
    let prompt: Bool?
  }

  package enum Status: String, Decodable, Sendable {
    case published = "PUBLISHED"
    case draft = "DRAFT"
  }

  package enum InvocationMode: String, Decodable, Sendable {
    case endUser = "END_USER"
    case admin = "ADMIN"
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError)
    -> AgentRun
  {
    try await services.answering(name, params.asked(agent: params.agent), prompt: params.prompt, for: call) {
      () throws(Failure) in
      let invocation = try invocation(params)
      let permit = try params.permit(services, deadline: call.deadline)
      return try await services.domain.agents.invoke(
        invocation,
        permit: permit,
        wait: params.wait ?? true,
        stream: params.stream ?? false,
        for: call
      )
    }
  }

  private static func invocation(_ params: Params) throws(Failure) -> AgentInvocation {
    try checking { () throws(ParamsFailure) in
      try check(params.agent, params.conversationId, params.message, params.version, params.parameters)
      guard params.wait ?? true || !(params.stream ?? false) else {
        throw ParamsFailure("stream", "needs wait: what is streamed comes before the answer")
      }
    }
    return AgentInvocation(
      agent: params.agent,
      message: params.message,
      conversationId: params.conversationId,
      version: params.version,
      status: (params.status ?? .published).rawValue,
      parameters: params.parameters,
      invocationMode: (params.invocationMode ?? .endUser).rawValue
    )
  }

  /// What holds for a message to an agent, and for an answer to one that waits.
  static func check(
    _ agent: String,
    _ conversationId: String?,
    _ message: String?,
    _ version: Int?,
    _ parameters: RawJSON?
  ) throws(ParamsFailure) {
    try AgentNames.checkCode(agent)
    try AgentNames.checkIdentifier(conversationId, field: "conversationId")
    try FieldRules.length(message ?? "", 0...(1 << 20), field: "message")
    try FieldRules.range(version, 0...Int(Int32.max), field: "version")
    guard parameters?.element.kind ?? .object == .object else {
      throw ParamsFailure("parameters", "must be an object")
    }
  }
}
