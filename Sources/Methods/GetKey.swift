import Delegation
package import JSONRPC

package enum GetKey: Method {
  package static let name = "getKey"

  package struct Params: Decodable, Sendable {
    let alias: String
    let prompt: Bool?
  }

  package static func order(_ params: Params) -> Order { .using(key: params.alias) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> KeyView
  {
    try await services.answering(name, AuditFacts(key: params.alias), prompt: params.prompt, for: call) {
      () throws(Failure) in
      try checking { () throws(ParamsFailure) in try FieldRules.alias(params.alias, field: "alias") }
      let key = try await services.domain.keys.get(params.alias, deadline: call.deadline)
      return KeyView(key, in: services)
    }
  }
}
