import Delegation
package import JSONRPC

package enum Lock: Method {
  package static let name = "lock"

  package struct Params: Decodable, Sendable {}

  package struct Result: Encodable, Sendable {
    let locked = true
  }

  /// It waits for nobody, and nothing that is read after it is answered with a token from memory.
  package static let lane = Lane.control

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    await services.domain.lock()
    return Result()
  }
}
