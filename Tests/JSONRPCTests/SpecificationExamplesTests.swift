import JSON
import JSONRPC
import TestSupport
import Testing

/// JSON-RPC 2.0, section 7: the examples, each on one line. What holds here are ids, codes and how many answers there
/// are: this protocol has named params only, and methods of its own.
@Suite(.timeLimit(.minutes(1))) struct SpecificationExamplesTests {
  struct Example: Sendable {
    let request: String
    /// The answer: objects as `[id, code]`, code 0 for a result; a list of them for a batch; nothing for no answer.
    let answer: String?
  }

  @Test(arguments: [
    // Positional and named parameters
    Example(request: #"{"jsonrpc": "2.0", "method": "sum", "params": [42, 23], "id": 1}"#, answer: "[1,-32602]"),
    Example(request: #"{"jsonrpc": "2.0", "method": "sum", "params": {"a": 42, "b": 23}, "id": 3}"#, answer: "[3,0]"),
    Example(request: #"{"jsonrpc": "2.0", "method": "sum", "params": {"b": 23, "a": 42}, "id": 4}"#, answer: "[4,0]"),
    // Notifications
    Example(request: #"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, answer: nil),
    Example(request: #"{"jsonrpc": "2.0", "method": "foobar"}"#, answer: nil),
    // A method that does not exist
    Example(request: #"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#, answer: #"["1",-32601]"#),
    // Invalid JSON
    Example(request: #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, answer: "[null,-32700]"),
    // An invalid request
    Example(request: #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, answer: "[null,-32600]"),
    // A batch of invalid JSON
    Example(
      request: #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]"#,
      answer: "[null,-32700]"
    ),
    Example(request: "[]", answer: "[null,-32600]"),
    Example(request: "[1]", answer: "[[null,-32600]]"),
    Example(request: "[1,2,3]", answer: "[[null,-32600],[null,-32600],[null,-32600]]"),
    Example(
      request: #"""
        [{"jsonrpc": "2.0", "method": "sum", "params": {"a": 1, "b": 2}, "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},{"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]
        """#.replacing("\n", with: ""),
      answer: #"[["1",0],["2",-32601],[null,-32600],["5",-32601],["9",0]]"#
    ),
    Example(
      request: #"""
        [{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]
        """#.replacing("\n", with: ""),
      answer: nil
    ),
  ])
  func holds(example: Example) async throws {
    let loopback = Loopback(routes: [Route(Sum.self), Route(GetData.self)], context: Stage())
    loopback.send(example.request)
    loopback.close()
    #expect(await loopback.ending() == .endOfInput)
    #expect(try loopback.unread.map(summary) == (example.answer.map { [$0] } ?? []))
  }

  private func summary(_ answer: String) throws -> String {
    String(decoding: summary(try JSONValue(parsing: Array(answer.utf8))).serialized(), as: UTF8.self)
  }

  private func summary(_ answer: JSONValue) -> JSONValue {
    if case .array(let answers) = answer { return .array(answers.map(summary)) }
    return .array([answer["id"] ?? "no id", answer["error"].map { $0["code"] ?? "no code" } ?? 0])
  }
}

private enum Sum: Method {
  struct Params: Decodable, Sendable {
    let a: Int
    let b: Int
  }

  static let name = "sum"

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> Int {
    params.a + params.b
  }
}

private enum GetData: Method {
  struct Params: Decodable, Sendable {}

  static let name = "get_data"

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> [String] {
    ["hello"]
  }
}
