import Delegation
package import JSONRPC

package enum DeleteProfile: Method {
  package static let name = "deleteProfile"

  package struct Params: Decodable, Sendable {
    let name: String
  }

  package struct Result: Encodable, Sendable {
    let deleted = true
  }

  package static func order(_ params: Params) -> Order { .changing(profile: params.name, key: nil) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.changing(.deleteProfile, AuditFacts(profile: params.name), for: call) { _ throws(Failure) in
      try await services.domain.authorization.profiles.delete(params.name, for: call)
      return Result()
    }
  }
}
