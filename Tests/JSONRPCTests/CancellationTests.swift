import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
  private static let committed = #"{"door":"a","commits":true,"detail":{"state":"detached","jobId":"7"}}"#

  @Test(arguments: MessageTests.framings, ["1", "\"1\"", "1e0"])
  func isAnsweredAtOnce(framing: Framing, id: String) async throws {
    try await play(
      in: framing,
      .send(request(id, "work", #"{"door":"a"}"#)),
      .arrives("a"),
      .send(cancel(id)),
      .fails(id: id, -32800, "cancelled")
    )
  }

  @Test func carriesWhatTheMethodSaidLast() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a","detail":{"state":"detached"}}"#)),
      .arrives("a"),
      .send(cancel("1")),
      .fails(id: "1", -32800, "cancelled", detail: #"{"state":"detached"}"#)
    )
  }

  @Test func anIdIsItsWrittenText() async throws {
    try await play(
      .send(request("92", "work", #"{"door":"a"}"#)),
      .send(request("\"92\"", "work", #"{"door":"b"}"#)),
      .send(cancel("\"92\"")),
      .fails(id: "\"92\"", -32800, "cancelled"),
      .opens("a"),
      .expect(done("92", "a"))
    )
  }

  @Test func anIdInFlightIsTaken() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .send(request("1", "ping")),
      .fails(id: "1", -32600, "invalid_request"),
      .send(request("1", "nothing")),
      .fails(id: "1", -32600, "invalid_request"),
      .opens("a"),
      .expect(done("1", "a")),
      .send(request("1", "ping")),
      .expect(result("1", #""pong""#))
    )
  }

  @Test func comesTooLateForWhatIsAnswered() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .opens("a"),
      .expect(done("1", "a")),
      .send(cancel("1")),
      .send(request("2", "ping")),
      .expect(result("2", #""pong""#))
    )
  }

  @Test func theTrueResultIsAwaitedBehindTheCommitPoint() async throws {
    try await play(
      .send(request("1", "work", Self.committed)),
      .arrives("a"),
      .send(cancel("1")),
      .send(cancel("1")),
      .passes(.milliseconds(1999)),
      .send(request("2", "ping")),
      .expect(result("2", #""pong""#)),
      .opens("a"),
      .expect(done("1", "a"))
    )
  }

  @Test func butTwoSecondsAtMost() async throws {
    try await play(
      .send(request("1", "work", Self.committed)),
      .arrives("a"),
      .send(cancel("1")),
      .passes(.seconds(2)),
      .fails(id: "1", -32800, "cancelled", detail: #"{"state":"detached","jobId":"7"}"#)
    )
  }

  @Test func leavingTheCommitPointAnswersWhatWasAbandoned() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a","commits":true,"leaves":true,"detail":{"jobId":"7"}}"#)),
      .arrives("a"),
      .send(cancel("1")),
      .opens("a"),
      .fails(id: "1", -32800, "cancelled", detail: #"{"jobId":"7"}"#)
    )
  }

  @Test func behindALeftCommitPointCancellationIsAnsweredAtOnce() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a","commits":true,"leaves":true}"#)),
      .opens("a"),
      .arrives("a, left"),
      .send(cancel("1")),
      .fails(id: "1", -32800, "cancelled")
    )
  }

  @Test func aCommittedWriteKeepsItsPlaceInTheOrderUntilItHasEnded() async throws {
    let stage = Stage()
    let loopback = Loopback(routes: testRoutes + [Route(Stubborn.self)], context: stage)
    loopback.send(request("1", "stubborn"))
    await stage.arrival(at: "stubborn")
    loopback.send(cancel("1"))
    loopback.send(request("2", "ordered"))
    loopback.clock.advance(by: .seconds(2))
    #expect(await loopback.next().hasPrefix(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32800"#))
    loopback.send(request("3", "ping"))
    #expect(await loopback.next() == result("3", #""pong""#))
    #expect(loopback.unread == [])
    stage.open("stubborn")
    #expect(await loopback.next() == result("2", #""later""#))
  }

  @Test func aCallThatIsAnsweredCannotCommit() async {
    let call = Call(deadline: .now)
    #expect(throws: Never.self) { try call.passCommitPoint() }
    #expect(throws: Never.self) { try call.passCommitPoint() }
    call.leaveCommitPoint()
    #expect(throws: Never.self) { try call.passCommitPoint() }
  }
}

/// Changes `a` behind its commit point and does not heed cancellation.
private enum Stubborn: Method {
  struct Params: Decodable, Sendable {}

  static let name = "stubborn"

  static func order(_ params: Params) -> Order { Order(changes: ["a"]) }

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> String {
    do {
      try call.passCommitPoint()
    } catch {
      return "nothing"
    }
    await Task { await context.wait(at: "stubborn") }.value
    return "done"
  }
}
