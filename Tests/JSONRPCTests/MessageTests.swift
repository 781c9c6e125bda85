import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct MessageTests {
  static let framings = [Framing.lines, .headers]

  /// Ids as they may be written; each comes back byte for byte.
  @Test(
    arguments: framings,
    [
      "0", "1", "-1", "1e0", "1.5", "-0.0", "92", "\"92\"", "\"\"", "\"a\\u0062\\n\"", "\"é😀\"",
      "123456789012345678901234567890123456789012345678901234567890", "1E+400",
    ]
  )
  func echoesIds(framing: Framing, id: String) async throws {
    try await play(in: framing, .send(request(id, "echo", #"{"value":1}"#)), .expect(result(id, "1")))
    try await play(in: framing, .send(request(id, "nothing")), .fails(id: id, -32601, "method_not_found"))
  }

  /// Messages that are no requests, and the id they are answered under.
  @Test(
    arguments: framings,
    [
      ("1", "null"),
      ("\"x\"", "null"),
      ("{}", "null"),
      (#"{"foo":"boo"}"#, "null"),
      (#"{"jsonrpc":"2.0","id":7}"#, "7"),
      (#"{"id":7,"method":"ping"}"#, "7"),
      (#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#, "7"),
      (#"{"jsonrpc":2.0,"id":7,"method":"ping"}"#, "7"),
      (#"{"jsonrpc":"2.0","id":7,"method":1}"#, "7"),
      (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "null"),
      (#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, "null"),
      (#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, "null"),
      (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "null"),
      (#"{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}"#, "null"),
      (#"{"jsonrpc":"2.0","id":7,"method":"ping","method":"echo"}"#, "7"),
      (#"{"jsonrpc":"2.0","id":7,"method":"ping","params":1}"#, "7"),
      (#"{"jsonrpc":"2.0","id":7,"method":"ping","params":"x"}"#, "7"),
      (#"{"jsonrpc":"2.0","id":7,"method":"ping","params":false}"#, "7"),
      (#"{"jsonrpc":"2.0","method":"ping","params":"bar"}"#, "null"),
    ]
  )
  func refusesInvalidRequests(framing: Framing, message: (text: String, id: String)) async throws {
    // A line that starts with neither brace nor bracket is JSON only once the framing is known.
    try await play(
      in: framing,
      .send(request("0", "ping")),
      .expect(result("0", #""pong""#)),
      .send(message.text),
      .fails(id: message.id, -32600, "invalid_request"),
      .send(request("1", "ping")),
      .expect(result("1", #""pong""#))
    )
  }

  @Test(arguments: framings, ["{", "{\"jsonrpc\":", "{]", "[1,]", "{\"a\":01}", "{} {}", "{\"a\":\"\u{1}\"}"])
  func malformedJSONDoesNotEndTheSession(framing: Framing, message: String) async throws {
    try await play(
      in: framing,
      .send(message),
      .fails(id: "null", -32700, "parse_error"),
      .send(request("1", "ping")),
      .expect(result("1", #""pong""#))
    )
  }

  @Test func nestingIsBounded() async throws {
    let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
    try await play(
      .send(request("1", "echo", #"{"value":\#(deep)}"#)),
      .fails(id: "null", -32700, "parse_error"),
      .send(request("1", "ping")),
      .expect(result("1", #""pong""#))
    )
  }

  @Test func textThatGoesOnInTheNextLineIsTold() async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    loopback.write("{\"jsonrpc\": \"2.0\",\n \"id\": 1}\n")
    for _ in 0..<2 { #expect(await loopback.next().contains("one message per line")) }
  }

  @Test(
    arguments: framings,
    [
      notification("initialized"), notification("unknown", "{}"), notification("echo", #"{"value":1}"#),
      notification("shutdown"), notification("$/setTrace", #"{"value":"off"}"#),
      notification("$/cancelRequest"), notification("$/cancelRequest", #"{"id":null}"#), cancel("99"),
      #"{"jsonrpc":"2.0","id":1,"result":null}"#, #"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
    ]
  )
  func ignoresWhatWantsNoAnswer(framing: Framing, message: String) async throws {
    try await play(in: framing, .send(message), .send(request("1", "ping")), .expect(result("1", #""pong""#)))
  }

  @Test func noParamsMeanEmptyParams() async throws {
    for params in [nil, "null", "[]", "{}"] {
      try await play(.send(request("1", "echo", params)), .expect(result("1", "null")))
    }
  }

  @Test func membersStandInAnyOrderAndOthersAreIgnored() async throws {
    try await play(
      .send(#"{"x":1,"params":{"value":12345678901234567.890},"method":"echo","id":1,"jsonrpc":"2.0"}"#),
      .expect(result("1", "12345678901234567.890"))
    )
  }
}
