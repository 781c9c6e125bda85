package import JSONRPC

package enum Ping: Method {
  package static let name = "ping"
  package static let lane = Lane.control

  package struct Params: Decodable, Sendable {}

  package struct Result: Encodable, Sendable {}

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    Result()
  }
}
