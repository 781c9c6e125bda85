import Delegation
package import JSONRPC

package enum ListKeys: Method {
  package static let name = "listKeys"

  package struct Params: Decodable, Sendable {}

  package struct Result: Encodable, Sendable {
    let keys: [KeyView]
  }

  package static func order(_ params: Params) -> Order { .usingAllKeys }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    let keys = try await answering { () throws(Failure) in try await services.domain.keys.list(deadline: call.deadline)
    }
    return Result(keys: keys.map { KeyView($0, in: services) })
  }
}
