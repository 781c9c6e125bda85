import JSON
import JSONRPC
import TestSupport
import Testing

@testable import MCPServer

/// How each revision begins, as one side sends it and the other answers.
@Suite struct NegotiationTests {
  private let loopback = Loopback(routes: mcpRoutes, context: HostileMessageTests.session, dialect: .mcp)

  private static let stateless =
    #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#

  private func ask(_ method: String, _ params: String = "{}") async throws -> JSONValue {
    loopback.send(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#)
    return try JSONValue(parsing: Array(await loopback.next().utf8))
  }

  private func code(_ answer: JSONValue) -> JSONValue { answer["error"]?["code"] ?? .null }

  @Test(arguments: [
    ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("2026-07-28", "2025-11-25"),
    ("2025-03-26", "2025-11-25"), ("2099-01-01", "2025-11-25"), ("", "2025-11-25"), ("2025-06-18\u{0}", "2025-11-25"),
  ]) func aHandshakeAgreesOnARevision(asked: String, agreed: String) async throws {
    #expect(code(try await ask("tools/list")) == -32602)
    let params = JSONValue.object([.init("protocolVersion", .string(asked)), .init("capabilities", [:])])
    let answer = try await ask("initialize", String(decoding: params.serialized(), as: UTF8.self))
    #expect(answer["result"]?["protocolVersion"] == .string(agreed))
    let listed = try await ask("tools/list")
    #expect(listed["result"]?["tools"] != nil && listed["result"]?["resultType"] == nil)
    #expect(code(try await ask("initialize", #"{"protocolVersion":"2025-06-18"}"#)) == -32600)
    #expect(code(try await ask("server/discover")) == -32601)
  }

  @Test(arguments: [
    (#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#, -32602),
    (
      #"{"_meta":{"io.modelcontextprotocol/protocolVersion":7,"io.modelcontextprotocol/clientCapabilities":{}}}"#,
      -32602
    ),
    (
      #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"1","io.modelcontextprotocol/clientCapabilities":{}}}"#,
      -32022
    ),
    (#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25"}}"#, -32022),
    (#"{"_meta":{"progressToken":1.5}}"#, -32602),
    (#"{"_meta":[]}"#, -32602),
    ("{}", -32602),
    ("[1]", -32602),
  ]) func aRequestWithoutHandshakeSaysWhatItIs(params: String, expected: Int) async throws {
    for method in ["tools/list", "server/discover", "tools/call"] {
      #expect(code(try await ask(method, params)) == .number(JSONNumber(expected)))
    }
  }

  @Test func everyResultSaysWhatItIs() async throws {
    for method in ["server/discover", "tools/list"] {
      let result = try await ask(method, "{\(Self.stateless)}")["result"]
      #expect(result?["resultType"] == "complete" && result?["cacheScope"] == "private")
      #expect(result?["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "onbehalf")
    }
    #expect(code(try await ask("ping", "{\(Self.stateless)}")) == -32601)
    #expect(try await ask("ping")["result"] == [:])
  }

  @Test(arguments: [
    ("{}", false), (#"{"elicitation":{}}"#, true), (#"{"elicitation":{"form":{}}}"#, true),
    (#"{"elicitation":{"form":{},"url":{}}}"#, true), (#"{"elicitation":{"url":{}}}"#, false),
    (#"{"elicitation":true}"#, false), (#"{"elicitation":[]}"#, false), ("[]", false),
  ]) func formsAreShownByWhoSaysSo(capabilities: String, shows: Bool) throws {
    let element = try JSONDocument(parsing: Array(capabilities.utf8)).root
    #expect(Client(revision: .november2025, capabilities: element).showsForms == shows)
  }
}
