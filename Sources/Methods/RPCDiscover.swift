package import JSON
package import JSONRPC

package enum RPCDiscover: Method {
  package static let name = "rpc.discover"

  package struct Params: Decodable, Sendable {}

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> RawJSON
  {
    do { return try RawJSON(parsing: Array(openRPCDocument.utf8)) } catch {
      throw ResponseError(.internal, "The description of the protocol is damaged.", hint: "Please report it.")
    }
  }
}
