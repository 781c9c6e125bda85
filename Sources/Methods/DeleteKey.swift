import Delegation
package import JSONRPC

package enum DeleteKey: Method {
  package static let name = "deleteKey"

  package struct Params: Decodable, Sendable {
    let alias: String
    let prompt: Bool?
  }

  package struct Result: Encodable, Sendable {
    let deleted = true
  }

  package static func order(_ params: Params) -> Order { .changing(key: params.alias) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.changing(.deleteKey, AuditFacts(key: params.alias), prompt: params.prompt, for: call) {
      _ throws(Failure) in
      try checking { () throws(ParamsFailure) in try FieldRules.alias(params.alias, field: "alias") }
      try await services.domain.keys.delete(params.alias, for: call)
      // Tokens that the key brought are given out no more.
      services.domain.tokens.cache.removeAll()
      return Result()
    }
  }
}
