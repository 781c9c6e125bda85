import Delegation
import HostProcess
import JSONRPC
import MCPServer
import Methods

/// The two protocols that the domain is served by: that of protocol/README.md, or MCP.
struct Faces {
  let options: Options
  let ports: Ports
  let transport: StdioTransport
  /// Told of every answer.
  let onAnswer: (@Sendable (AnsweredRequest) -> Void)?

  /// The layer of policy that `--mcp` puts above all others.
  static func policy(_ options: Options) -> Policy? { settings(options)?.policy }

  private static func settings(_ options: Options) -> MCPSettings? {
    options.mcp.map { mcp in
      MCPSettings(
        version: Adapters.version,
        profile: mcp.profile,
        subject: mcp.subject,
        agents: mcp.agents.map { Pattern($0) },
        allowsResume: mcp.allowsResume,
        maximumRunsPerMinute: mcp.maximumRunsPerMinute
      )
    }
  }

  func run(_ services: Services, in session: Session) async throws(StdioFailure) -> Ending {
    if let settings = Self.settings(options) {
      return try await run(
        Server(
          routes: mcpRoutes,
          context: MCPSession(
            settings,
            domain: services.domain,
            clock: ports.clock,
            random: ports.random,
            digests: ports.digests,
            explain: { ResponseError($0) }
          ),
          dialect: .mcp,
          framing: .lines,
          output: transport,
          onAnswer: onAnswer
        ),
        in: session
      )
    }
    return try await run(
      Server(
        routes: methodTable,
        context: services,
        framing: framing,
        output: transport,
        statistics: services.statistics,
        onAnswer: onAnswer
      ),
      in: session
    )
  }

  private func run<Context>(_ server: Server<Context>, in session: Session) async throws(StdioFailure) -> Ending {
    session.begin(server)
    return try await transport.run(server)
  }

  private var framing: Framing? {
    switch options.framing {
    case .auto: nil
    case .headers: .headers
    case .lines: .lines
    }
  }
}
