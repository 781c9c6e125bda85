import JSON
package import JSONRPC

/// One method of MCP that a client may call.
protocol MCPMethod: SendableMetatype {
  associatedtype Params: Decodable & Sendable

  static var name: String { get }
  /// The revisions that have it.
  static var revisions: [Revision] { get }

  static func prepare(
    _ params: Params,
    _ meta: RequestMeta,
    from client: Client,
    in session: MCPSession
  ) throws(ResponseError) -> PreparedCall
}

/// All that a client may send as a request; every other method does not exist.
package let mcpRoutes: [Route<MCPSession>] = [
  Route(name: "initialize", lane: .control, prepare: Handshake.prepare),
  Route(name: "ping", lane: .control, prepare: MCPPing.prepare),
  .mcp(Discover.self, .control),
  .mcp(ListTools.self, .control),
  .mcp(CallTool.self, .work),
]

extension Route<MCPSession> {
  fileprivate static func mcp<M: MCPMethod>(_ method: M.Type, _ lane: Lane) -> Route {
    Route(name: M.name, lane: lane) { params, session throws(ResponseError) in
      let meta = try RequestMeta(of: params, method: M.name)
      let client = try session.client(of: meta, method: M.name)
      guard M.revisions.contains(client.revision) else {
        throw ResponseError(
          .methodNotFound,
          "There is no method `\(M.name)` in \(client.revision.rawValue).",
          hint: "It is in \(M.revisions.map(\.rawValue).joined(separator: " and "))."
        )
      }
      return try M.prepare(try .reading(params, of: M.name), meta, from: client, in: session)
    }
  }
}

extension Decodable where Self: Sendable {
  /// Params that are known are read strictly, others ignored: a later revision may have more.
  static func reading(_ params: JSONElement?, of method: String) throws(ResponseError) -> Self {
    do throws(JSONDecodingError) {
      guard let params else { return try JSONReader.decode(Self.self, from: JSONValue.object([])) }
      return try JSONReader.decode(Self.self, from: params)
    } catch {
      let place = error.path.isEmpty ? "" : "\(error.path): "
      throw .malformed(method, place + error.problem)
    }
  }
}

extension PreparedCall {
  /// A request that is answered where it is read.
  static func ready(_ method: String, _ result: JSONValue) -> PreparedCall {
    let answer = Answer.result(result.serialized())
    return PreparedCall(method: method, lane: .control, timeout: .seconds(30)) { _ in answer }
  }
}
