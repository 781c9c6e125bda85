import JSON
import JSONRPC

/// `server/discover`: what this server is, for clients that shake no hands.
enum Discover: MCPMethod {
  static let name = "server/discover"
  static let revisions = Revision.stateless

  struct Params: Decodable, Sendable {}

  static func prepare(
    _ params: Params,
    _ meta: RequestMeta,
    from client: Client,
    in session: MCPSession
  ) throws(ResponseError) -> PreparedCall {
    let members: [JSONValue.Member] = [
      .init("supportedVersions", .array(Revision.stateless.map { .string($0.rawValue) })),
      .init("capabilities", MCPResult.capabilities),
      .init("instructions", .string(MCPResult.instructions)),
    ]
    return .ready(name, MCPResult.keepable(members, for: client, from: session.settings))
  }
}
