import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ParamsTests {
  /// Params that cannot be used, and the field that is named.
  @Test(arguments: [
    ("work", "{}", "door"),
    ("work", #"{"door":1}"#, "door"),
    ("work", #"{"door":null}"#, "door"),
    ("work", #"{"door":"a","changes":["b",2]}"#, "changes[1]"),
    ("work", #"{"door":"a","dor":"b"}"#, "dor"),
    ("work", #"{"door":"a","door":"b"}"#, "door"),
    ("ping", #"{"x":1}"#, "x"),
    ("echo", #"{"value":1,"valeu":2}"#, "valeu"),
    ("echo", #"{"timeoutMs":0}"#, "timeoutMs"),
    ("echo", #"{"timeoutMs":86400001}"#, "timeoutMs"),
    ("echo", #"{"timeoutMs":-1}"#, "timeoutMs"),
    ("echo", #"{"timeoutMs":1.5}"#, "timeoutMs"),
    ("echo", #"{"timeoutMs":"1"}"#, "timeoutMs"),
    ("echo", #"{"timeoutMs":99999999999999999999}"#, "timeoutMs"),
    ("echo", #"{"workDoneToken":true}"#, "workDoneToken"),
    ("echo", #"{"workDoneToken":{}}"#, "workDoneToken"),
    ("initialize", #"{"processId":"x"}"#, "processId"),
  ])
  func namesTheField(method: String, params: String, field: String) async throws {
    try await play(
      .send(request("1", method, params)),
      .fails(id: "1", -32602, "invalid_params", detail: #"{"field":"\#(field)"}"#)
    )
  }

  @Test func paramsAreNamed() async throws {
    try await play(.send(request("1", "echo", "[1]")), .fails(id: "1", -32602, "invalid_params"))
  }

  @Test(arguments: [
    ("echo", #"{"value":1,"timeoutMs":1}"#), ("echo", #"{"value":1,"timeoutMs":86400000}"#),
    ("echo", #"{"value":1,"timeoutMs":null,"workDoneToken":null}"#),
  ])
  func everyRequestMayCarryATimeout(method: String, params: String) async throws {
    try await play(.send(request("1", method, params)), .expect(result("1", "1")))
  }

  @Test func unknownParamsAreIgnoredWhereTheMethodSaysSo() async throws {
    try await play(
      .send(request("1", "initialize", #"{"processId":1,"trace":"off","capabilities":{},"timeoutMs":5}"#)),
      .expect(result("1", "{}"))
    )
  }

  @Test func aLongFieldNameIsNotRepeatedWhole() async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    loopback.send(request("1", "echo", #"{"\#(String(repeating: "x", count: 100_000))":1}"#))
    #expect(await loopback.next().utf8.count < 2000)
    loopback.send(request("2", String(repeating: "y", count: 100_000)))
    #expect(await loopback.next().utf8.count < 2000)
  }

  @Test(arguments: [("pingg", "ping"), ("Echo", "echo"), ("initialise", "initialize")])
  func aMisspeltMethodIsRecognised(method: String, meant: String) async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    loopback.send(request("1", method))
    #expect(await loopback.next().contains("Did you mean `\(meant)`?"))
  }

  @Test func aStrangeMethodIsReferredToDiscovery() async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    loopback.send(request("1", "somethingElse"))
    #expect(await loopback.next().contains("rpc.discover"))
  }
}
