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
    try await answering { () throws(Failure) in
      let keys = services.domain.keys
      return Result(keys: try await keys.list(deadline: call.deadline) { KeyView($0, store: keys.store.name) })
    }
  }
}
