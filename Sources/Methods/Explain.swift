import Delegation
import JSON
package import JSONRPC

package enum Explain: Method {
  package static let name = "explain"

  package struct Params: Decodable, Sendable {
    let profile: String?
    let subject: String?
    let userToken: String?
    let scope: String?
    let agent: String?
    let path: String?
    let method: RequestMethod?
  }

  package struct Result: Encodable, Sendable {
    let allowed: Bool
    let layer: String
    let rule: String
    let kind: String?
    let rawCredentials: Bool
    let assertionClaims: JSONValue?
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await answering { () throws(Failure) in
      let explanation = try services.domain.authorization.explain(question(params), deadline: call.deadline)
      return Result(
        allowed: explanation.refusal == nil,
        layer: explanation.rule.layer,
        rule: explanation.rule.text,
        kind: explanation.refusal.flatMap(kind(of:)),
        rawCredentials: explanation.givesRawCredentials,
        assertionClaims: explanation.assertionClaims
      )
    }
  }

  private static func kind(of refusal: PolicyFailure) -> String? {
    guard case .string(let kind) = ResponseError.policy(refusal).data?["kind"] else { return nil }
    return kind
  }

  private static func question(_ params: Params) throws(Failure) -> Explanation.Question {
    var question = Explanation.Question(
      profile: params.profile,
      subject: params.subject,
      userToken: params.userToken
    )
    question.scope = params.scope
    question.agent = params.agent
    try checking { () throws(ParamsFailure) in
      if let agent = params.agent { try AgentNames.checkCode(agent) }
      switch (params.method, params.path) {
      case (let method?, let path?): question.path = (method, path)
      case (nil, nil): break
      case (nil, _?): throw ParamsFailure("method", "is needed beside path")
      case (_?, nil): throw ParamsFailure("path", "is needed beside method")
      }
    }
    return question
  }
}
