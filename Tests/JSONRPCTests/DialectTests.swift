import JSON
import JSONRPC
import TestSupport
import Testing

/// A protocol that differs in all that a dialect may say.
private let quiet = Dialect(
  hasLifecycle: false,
  takesBatches: false,
  takesAnyNumberAsID: false,
  writesNullID: false,
  cancellation: Dialect.Cancellation(method: "withdraw", member: "request"),
  answersCancelled: false,
  progress: Counting.self,
  hintForMethods: "Look elsewhere."
)

private enum Counting: ProgressNotation {
  static func begin(token: [UInt8], title: String) -> [UInt8]? { nil }

  static func report(token: [UInt8], _ message: String, detail: JSONValue?, number: Int) -> [UInt8] {
    Array("{\"report\":\(number),\"of\":".utf8) + token + Array("}".utf8)
  }

  static func end(token: [UInt8], _ message: String?) -> [UInt8]? { nil }
}

private let withdraw1 = notification("withdraw", #"{"request":1}"#)

@Suite struct DialectTests {
  @Test func whatIsCancelledIsNotAnswered() async throws {
    try await play(
      dialect: quiet,
      .send(request("1", "work", #"{"door":"a"}"#)),
      .arrives("a"),
      .send(withdraw1),
      .send(request("2", "ping")),
      .expect(result("2", #""pong""#)),
      .close,
      .ends(.endOfInput)
    )
  }

  /// Also behind the commit point, where the work goes on and its result comes too late.
  @Test func norIsItWhenItsResultComesLate() async throws {
    try await play(
      dialect: quiet,
      .send(request("1", "work", #"{"door":"a","commits":true}"#)),
      .arrives("a"),
      .send(withdraw1),
      .opens("a"),
      .close,
      .ends(.endOfInput)
    )
  }

  /// Nor when its time was over before.
  @Test func norIsItWhenItsDeadlineHadPassed() async throws {
    try await play(
      dialect: quiet,
      .send(request("1", "work", #"{"door":"a","commits":true,"timeoutMs":1000}"#)),
      .arrives("a"),
      .passes(.seconds(1)),
      .somethingIsAwaited,
      .send(withdraw1),
      .passes(.seconds(2)),
      .opens("a"),
      .close,
      .ends(.endOfInput)
    )
  }

  @Test func anIDMayBeUsedAgainWhenItsRequestIsCancelled() async throws {
    try await play(
      dialect: quiet,
      .send(request("1", "work", #"{"door":"a"}"#)),
      .arrives("a"),
      .send(withdraw1),
      .send(request("1", "ping")),
      .expect(result("1", #""pong""#)),
      .close,
      .ends(.endOfInput)
    )
  }

  @Test func theOtherCancellationMeansNothing() async throws {
    try await play(
      dialect: quiet,
      .send(request("1", "work", #"{"door":"a"}"#)),
      .arrives("a"),
      .send(cancel("1")),
      .opens("a"),
      .expect(done("1", "a")),
      .close,
      .ends(.endOfInput)
    )
  }

  @Test func progressIsWrittenAsTheDialectHasIt() async throws {
    try await play(
      dialect: quiet,
      .send(request("1", "work", #"{"door":"a","reports":["x","y"],"workDoneToken":"t"}"#)),
      .expect(#"{"report":1,"of":"t"}"#),
      .expect(#"{"report":2,"of":"t"}"#),
      .arrives("a"),
      .opens("a"),
      .expect(done("1", "a")),
      .close,
      .ends(.endOfInput)
    )
  }

  @Test(arguments: [
    (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
    ("[]", -32600),
    (#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1e0,"method":"ping"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
    ("{", -32700),
  ]) func anErrorForNobodyHasNoID(message: String, code: Int) async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage(), dialect: quiet)
    loopback.send(message)
    let answer = await loopback.next()
    #expect(answer.hasPrefix(#"{"jsonrpc":"2.0","error":{"code":\#(code),"#))
  }

  @Test(arguments: ["shutdown", "exit", "rpc.discover"]) func thereIsNoLifecycle(method: String) async throws {
    try await play(
      dialect: quiet,
      .send(request("1", method)),
      .fails(id: "1", -32601, "method_not_found"),
      .send(notification(method)),
      .send(request("2", "ping")),
      .expect(result("2", #""pong""#)),
      .close,
      .ends(.endOfInput)
    )
  }
}
