import Delegation
package import JSONRPC

package enum SetClientSecret: Method {
  package static let name = "setClientSecret"

  package struct Params: Decodable, Sendable {
    let profile: String
    let clientSecret: String
    let prompt: Bool?
  }

  package struct Result: Encodable, Sendable {
    let stored = true
  }

  package static func order(_ params: Params) -> Order { .changing(profile: params.profile, key: nil) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.changing(.setClientSecret, AuditFacts(profile: params.profile), prompt: params.prompt, for: call)
    { _ throws(Failure) in
      try checking { () throws(ParamsFailure) in
        try FieldRules.printable(params.clientSecret, field: "clientSecret", maximum: 1024, spaces: true)
      }
      let profile = try services.domain.authorization.profiles.named(params.profile, deadline: call.deadline)
      try await services.domain.keys.setClientSecret(
        SecretBytes(copying: params.clientSecret.utf8),
        of: profile,
        for: call
      )
      services.domain.tokens.cache.removeAll()
      return Result()
    }
  }
}
