import Delegation
import JSON
package import JSONRPC

package enum ExportRequest: Method {
  package static let name = "exportRequest"

  package struct Params: Decodable, Sendable, UserParams {
    let format: Format
    let profile: String?
    let subject: String?
    let userToken: String?
    let agent: String?
    let message: String?
    let includeSecrets: Bool?
    let prompt: Bool?
  }

  package enum Format: String, Decodable, Sendable {
    case curl
    case postman
  }

  package struct Result: Encodable, Sendable {
    var text: String?
    var collection: JSONValue?
    var environment: JSONValue?
    var expiresAt: String?
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  /// What was signed before `lock` is not handed out behind its answer; requests without assertions are.
  package static func objection(to params: Params, in services: Services) -> ResponseError? {
    params.includeSecrets == true ? services.objectionWhenLocked(name) : nil
  }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.answering(name, params.asked(agent: params.agent), prompt: params.prompt, for: call) {
      () throws(Failure) in
      let invocation = try invocation(params)
      let exported = try await RequestExport(mint: services.domain.mint).export(
        invocation,
        permit: params.permit(services, deadline: call.deadline),
        includingSecrets: params.includeSecrets ?? false,
        deadline: call.deadline
      )
      var result = Result(expiresAt: exported.expiresAt?.rfc3339)
      switch params.format {
      case .curl: result.text = try exported.curl()
      case .postman: (result.collection, result.environment) = try exported.postman()
      }
      return result
    }
  }

  /// As `invokeAgent` makes it of the same params; nil for a token alone.
  private static func invocation(_ params: Params) throws(Failure) -> AgentInvocation? {
    try checking { () throws(ParamsFailure) in
      if let agent = params.agent { try AgentNames.checkCode(agent) }
      if let message = params.message { try FieldRules.length(message, 0...(1 << 20), field: "message") }
      guard (params.agent == nil) == (params.message == nil) else {
        let (absent, present) = params.agent == nil ? ("agent", "message") : ("message", "agent")
        throw ParamsFailure(absent, "is needed beside \(present)")
      }
    }
    guard let agent = params.agent, let message = params.message else { return nil }
    return AgentInvocation(agent: agent, message: message)
  }
}
