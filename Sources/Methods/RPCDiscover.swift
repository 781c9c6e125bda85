package import JSON
package import JSONRPC

package enum RPCDiscover: Method {
  package static let name = "rpc.discover"

  package struct Params: Decodable, Sendable {}

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> RawJSON {
    openRPCDocument
  }
}
