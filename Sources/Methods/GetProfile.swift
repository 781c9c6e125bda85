package import Delegation
package import JSONRPC

package enum GetProfile: Method {
  package static let name = "getProfile"

  package struct Params: Decodable, Sendable {
    let name: String
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.name) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Profile
  {
    try await answering { () throws(Failure) in
      try services.domain.authorization.profiles.named(params.name, deadline: call.deadline)
    }
  }
}
