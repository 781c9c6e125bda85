import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeadlineTests {
  @Test func isTheMethodsUnlessTheRequestHasItsOwn() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .send(request("2", "work", #"{"door":"b","timeoutMs":100}"#)),
      .send(request("3", "work", #"{"door":"c","timeoutMs":40000}"#)),
      .passes(.milliseconds(99)),
      .send(request("4", "ping")),
      .expect(result("4", #""pong""#)),
      .passes(.milliseconds(1)),
      .fails(id: "2", 1700, "deadline_exceeded"),
      .passes(.milliseconds(29_900)),
      .fails(id: "1", 1700, "deadline_exceeded"),
      .passes(.seconds(10)),
      .fails(id: "3", 1700, "deadline_exceeded")
    )
  }

  @Test func isRetryableAndSaysHowLongItWas() async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    loopback.send(request("1", "work", #"{"door":"a","timeoutMs":1500}"#))
    loopback.clock.advance(by: .milliseconds(1500))
    let answer = await loopback.next()
    #expect(answer.contains(#""retryable":true"#) && answer.contains("1500 ms"))
  }

  @Test func awaitsTheTrueResultBehindTheCommitPoint() async throws {
    let committed = #"{"door":"a","commits":true,"timeoutMs":1000,"detail":{"state":"unknown"}}"#
    try await play(
      .send(request("1", "work", committed)),
      .arrives("a"),
      .passes(.seconds(1)),
      // The deadline has been noticed when the end of patience is waited for.
      .somethingIsAwaited,
      .passes(.milliseconds(1999)),
      .send(request("2", "ping")),
      .expect(result("2", #""pong""#)),
      .passes(.milliseconds(1)),
      .fails(id: "1", 1700, "deadline_exceeded", detail: #"{"state":"unknown"}"#)
    )
  }

  @Test func isToldToTheMethod() async {
    let clock = ManualClock()
    let loopback = Loopback(routes: [Route(RemainingTime.self)], context: clock, clock: clock)
    loopback.send(request("1", "remainingTime", #"{"timeoutMs":1234}"#))
    #expect(await loopback.next() == result("1", "1234"))
  }

  @Test func manyWaitOnOneSleeper() async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage())
    for id in 1...500 {
      loopback.send(request("\(id)", "work", #"{"door":"\#(id)","timeoutMs":\#(1000 + (id * 7919) % 500)}"#))
    }
    loopback.clock.advance(by: .milliseconds(1250))
    var answered: Set<String> = []
    while answered.count < 251 { answered.insert(await loopback.next()) }
    #expect(loopback.server.statistics.snapshot.inFlight == 249)
    loopback.clock.advance(by: .milliseconds(250))
    while answered.count < 500 { answered.insert(await loopback.next()) }
    #expect(answered.allSatisfy { $0.contains("deadline_exceeded") })
    loopback.close()
    #expect(await loopback.ending() == .endOfInput)
    #expect(loopback.server.statistics.snapshot.inFlight == 0)
    #expect(loopback.server.statistics.snapshot.methods["work"]?.errors == ["deadline_exceeded": 500])
  }
}

private enum RemainingTime: Method {
  struct Params: Decodable, Sendable {}

  static let name = "remainingTime"

  static func call(_ params: Params, _ call: Call, in clock: ManualClock) async throws(ResponseError) -> Int64 {
    (call.deadline - clock.now).components.seconds * 1000
      + (call.deadline - clock.now).components.attoseconds / 1_000_000_000_000_000
  }
}
