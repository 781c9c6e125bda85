package import JSONRPC

package enum Ping: Method {
  package static let name = "ping"
  package static let lane = Lane.control

  package struct Params: Decodable, Sendable {}

  package struct Result: Encodable, Sendable {}

  package static func answerAtOnce(_ params: Params, in services: Services) -> Swift.Result<Result, ResponseError>? {
    .success(Result())
  }
}
