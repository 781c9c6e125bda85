import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct BatchTests {
  private func batch(_ elements: String...) -> String { "[" + elements.joined(separator: ",") + "]" }

  @Test func isAnsweredWhenCompleteInTheOrderOfItsElements() async throws {
    try await play(
      .send(
        batch(
          request("1", "work", #"{"door":"a"}"#),
          request("2", "work", #"{"door":"b"}"#),
          request("3", "ping")
        )
      ),
      .arrives("a"),
      .arrives("b"),
      .opens("b"),
      .send(request("4", "ping")),
      .expect(result("4", #""pong""#)),
      .opens("a"),
      .expect(batch(done("1", "a"), done("2", "b"), result("3", #""pong""#)))
    )
  }

  @Test func aCancelledMemberFillsItsPlace() async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    loopback.send(batch(request("1", "work", #"{"door":"a"}"#), request("2", "ping"), cancel("1")))
    let answer = await loopback.next()
    #expect(answer.hasPrefix(#"[{"jsonrpc":"2.0","id":1,"error":{"code":-32800,"#))
    #expect(answer.hasSuffix(result("2", #""pong""#) + "]"))
    #expect(loopback.unread == [])
  }

  @Test func elementsCountAsInFlight() async throws {
    var limits = Limits()
    limits.maximumInFlight = 2
    let loopback = Loopback(routes: testRoutes, context: Stage(), limits: limits)
    loopback.send(
      batch(
        request("1", "work", #"{"door":"a"}"#),
        request("2", "work", #"{"door":"b"}"#),
        request("3", "work", #"{"door":"c"}"#)
      )
    )
    #expect(loopback.server.statistics.snapshot.inFlight == 2)
    loopback.send(request("1", "ping"))
    #expect(await loopback.next().contains("in flight already"))
    for id in ["1", "2"] { loopback.send(cancel(id)) }
    #expect(await loopback.next().contains(#""kind":"too_many_requests","retryable":true"#))
  }

  @Test func sizesAreBounded() async throws {
    let pings = (1...101).map { request("\($0)", "ping") }
    try await play(
      .send("[" + pings.joined(separator: ",") + "]"),
      .fails(id: "null", -32600, "invalid_request"),
      .send("[" + pings.prefix(100).joined(separator: ",") + "]"),
      .expect("[" + (1...100).map { result("\($0)", #""pong""#) }.joined(separator: ",") + "]")
    )
  }

  @Test func anAnswerForWhichThereIsNoRoomGivesWay() async throws {
    var limits = Limits()
    limits.maximumMessageBytes = 1000
    let loopback = Loopback(routes: testRoutes, context: Stage(), limits: limits)
    loopback.send(batch(request("1", "fill", #"{"bytes":600}"#), request("2", "fill", #"{"bytes":600}"#)))
    let answer = await loopback.next()
    #expect(answer.hasPrefix(#"[{"jsonrpc":"2.0","id":1,"result":"xxx"#))
    #expect(answer.contains(#""id":2,"error":{"code":1700,"#) && answer.contains("message_too_large"))
  }

  @Test(arguments: ["initialize", "shutdown", "exit"])
  func holdsNothingThatConcernsTheSession(method: String) async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    loopback.send(batch(request("1", method), notification(method), request("2", "ping")))
    let answer = await loopback.next()
    #expect(answer.hasPrefix(#"[{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"#))
    #expect(answer.contains(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"#))
    #expect(answer.hasSuffix(result("2", #""pong""#) + "]"))
    loopback.send(request("3", "ping"))
    #expect(await loopback.next() == result("3", #""pong""#))
  }

  @Test func doesNotNest() async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    loopback.send("[[]]")
    #expect(await loopback.next().hasPrefix(#"[{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"#))
  }

  @Test(arguments: ["[]", "[\(request("1", "ping"))]"])
  func isRefusedWithHeaders(message: String) async throws {
    try await play(
      in: .headers,
      .send(message),
      .fails(id: "null", -32600, "invalid_request"),
      .send(request("1", "ping")),
      .expect(result("1", #""pong""#))
    )
  }
}
