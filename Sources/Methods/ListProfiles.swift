import Delegation
package import JSONRPC

package enum ListProfiles: Method {
  package static let name = "listProfiles"

  package struct Params: Decodable, Sendable {}

  package struct Result: Encodable, Sendable {
    let profiles: [Profile]
  }

  package static func order(_ params: Params) -> Order { .using(profile: nil) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await answering { () throws(Failure) in
      Result(profiles: try services.domain.authorization.profiles.all(deadline: call.deadline))
    }
  }
}
