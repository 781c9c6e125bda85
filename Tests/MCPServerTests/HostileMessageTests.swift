import Delegation
import JSON
import JSONRPC
import OpenSSLKeys
import TestSupport
import Testing

@testable import MCPServer

/// Messages of a hostile or broken host: each is answered once, with JSON of one line, and the session goes on.
@Suite struct HostileMessageTests {
  private static let pieces = [
    "null", "true", "0", "-1", "1.5", "1e9", #""x""#, "[]", "{}", "[{}]", #"{"a":1,"a":2}"#, #""2025-06-18""#,
    #""2026-07-28""#, #"{"elicitation":{}}"#, #"{"elicitation":{"url":{}}}"#,
  ]
  private static let names = [
    "method", "params", "_meta", "id", "name", "arguments", "protocolVersion", "capabilities", "requestState", "cursor",
    "inputResponses", "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities",
    "progressToken", "requestId",
  ]
  private static let methods = [
    "initialize", "ping", "server/discover", "tools/list", "tools/call", "getToken", "notifications/cancelled",
    "notifications/initialized", "elicitation/create", "",
  ]

  @Test(arguments: 0..<20) func areAnsweredOnce(seed: Int) async throws {
    var random = SeededRandom(UInt64(seed))
    let loopback = Loopback(routes: mcpRoutes, context: Self.session, dialect: .mcp)
    for number in 0..<200 {
      loopback.send(Self.message(number, &random))
      // A request that is known to be one, so that there is something to wait for.
      loopback.send(#"{"jsonrpc":"2.0","id":"end-\#(number)","method":"ping"}"#)
      var answers: [JSONValue] = []
      repeat {
        answers.append(try JSONValue(parsing: Array(await loopback.next().utf8)))
      } while answers.last?["id"] != .string("end-\(number)")
      #expect(answers.count <= 2)
      for answer in answers { #expect((answer["result"] == nil) != (answer["error"] == nil), "\(answer)") }
    }
    loopback.close()
    #expect(await loopback.ending() == .endOfInput)
  }

  private static func message(_ number: Int, _ random: inout SeededRandom) -> String {
    let method = methods.randomElement(using: &random) ?? ""
    let id = Bool.random(using: &random) ? #""id":\#(number),"# : ""
    // No tool is called by its name: the work of one would go on behind the test.
    return #"{"jsonrpc":"2.0",\#(id)"method":"\#(method)","params":\#(object(depth: 3, &random))}"#
  }

  private static func object(depth: Int, _ random: inout SeededRandom) -> String {
    let members = (0..<Int.random(in: 0...3, using: &random)).map { _ in
      let name = names.randomElement(using: &random) ?? ""
      let isLeaf = depth == 0 || Bool.random(using: &random)
      let value = isLeaf ? pieces.randomElement(using: &random) ?? "" : object(depth: depth - 1, &random)
      return "\"\(name)\":\(value)"
    }
    return "{\(members.joined(separator: ","))}"
  }

  /// Of nobody: whatever would reach a store or a server fails.
  static var session: MCPSession {
    let settings = MCPSettings(
      version: "0",
      profile: "p",
      subject: "s",
      agents: ["*"],
      allowsResume: true,
      maximumRunsPerMinute: 10
    )
    return MCPSession(
      settings,
      domain: .unreachable(settings.policy),
      clock: ManualClock(),
      random: CountingRandomness(),
      digests: OpenSSLDigests(),
      explain: { ResponseError(code: 1, kind: "x", message: "\($0)", hint: "") }
    )
  }
}
