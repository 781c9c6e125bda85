import JSON
import JSONRPC

/// `initialize`: of the revisions before 2026-07-28, and the first request in them.
enum Handshake {
  private struct Params: Decodable, Sendable {
    let protocolVersion: String
    let capabilities: RawJSON?
  }

  static func prepare(_ params: JSONElement?, _ session: MCPSession) throws(ResponseError) -> PreparedCall {
    _ = try RequestMeta(of: params, method: "initialize")
    let params = try Params.reading(params, of: "initialize")
    let revision = Revision.negotiated(with: params.protocolVersion)
    try session.shakeHands(Client(revision: revision, capabilities: params.capabilities?.element))
    return .ready(
      "initialize",
      [
        "protocolVersion": .string(revision.rawValue),
        "capabilities": MCPResult.capabilities,
        "serverInfo": MCPResult.serverInfo(session.settings),
        "instructions": .string(MCPResult.instructions),
      ]
    )
  }
}

/// `ping`, at any time; 2026-07-28 has it no more.
enum MCPPing {
  static func prepare(_ params: JSONElement?, _ session: MCPSession) throws(ResponseError) -> PreparedCall {
    let meta = try RequestMeta(of: params, method: "ping")
    guard meta.version == nil else {
      _ = try session.client(of: meta, method: "ping")
      throw ResponseError(
        .methodNotFound,
        "There is no method `ping` in \(Revision.july2026.rawValue).",
        hint: "Call server/discover to see whether this server is there."
      )
    }
    return .ready("ping", [:])
  }
}
