import JSON
import JSONRPC

/// `tools/list`: all of them, on one page, always in the same order and words.
enum ListTools: MCPMethod {
  static let name = "tools/list"
  static let revisions = Revision.allCases

  struct Params: Decodable, Sendable {
    let cursor: String?
  }

  static func prepare(
    _ params: Params,
    _ meta: RequestMeta,
    from client: Client,
    in session: MCPSession
  ) throws(ResponseError) -> PreparedCall {
    guard params.cursor == nil else { throw .malformed(name, "there is one page only, and no cursor was given out") }
    let tools = JSONValue.array(session.tools.map(\.definition))
    return .ready(name, MCPResult.keepable([.init("tools", tools)], for: client, from: session.settings))
  }
}
