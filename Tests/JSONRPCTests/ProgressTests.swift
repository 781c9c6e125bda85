import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProgressTests {
  private static let begin = #"{"kind":"begin","title":"work","cancellable":true}"#

  @Test(arguments: MessageTests.framings, ["7", "\"t\"", "1e3"])
  func precedesTheAnswer(framing: Framing, token: String) async throws {
    let params = #"{"door":"a","reports":["one","two"],"detail":{"n":1},"workDoneToken":\#(token)}"#
    try await play(
      in: framing,
      .send(request("1", "work", params)),
      .expect(progress(token, Self.begin)),
      .expect(progress(token, #"{"kind":"report","message":"one","n":1}"#)),
      .expect(progress(token, #"{"kind":"report","message":"two","n":1}"#)),
      .opens("a"),
      .expect(progress(token, #"{"kind":"end"}"#)),
      .expect(done("1", "a"))
    )
  }

  @Test func isNotSentUnlessAskedFor() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a","reports":["one"]}"#)),
      .opens("a"),
      .expect(done("1", "a"))
    )
  }

  @Test func endsBeforeACancelledAnswer() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a","workDoneToken":1}"#)),
      .arrives("a"),
      .send(cancel("1")),
      .expect(progress("1", Self.begin)),
      .expect(progress("1", #"{"kind":"end","message":"The request was cancelled."}"#)),
      .fails(id: "1", -32800, "cancelled")
    )
  }

  @Test func beginsWithTheWorkAndNotBefore() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a","changes":["x"]}"#)),
      .send(request("2", "work", #"{"door":"b","uses":["x"],"workDoneToken":1}"#)),
      .send(cancel("2")),
      .fails(id: "2", -32800, "cancelled"),
      .opens("a"),
      .expect(done("1", "a"))
    )
  }

  @Test func nothingFollowsTheEnd() async {
    let stage = Stage()
    let loopback = Loopback(routes: [Route(Late.self)], context: stage)
    loopback.send(request("1", "late", #"{"workDoneToken":1}"#))
    await stage.arrival(at: "late")
    loopback.send(cancel("1"))
    stage.open("late")
    await stage.arrival(at: "reported")
    // Begin, end and the answer.
    #expect(loopback.unread.count == 3)
  }

  @Test func anAnswerAtOnceHasABeginAndAnEnd() async throws {
    try await play(
      .send(request("1", "echo", #"{"value":1,"workDoneToken":"t"}"#)),
      .expect(progress("\"t\"", #"{"kind":"begin","title":"echo","cancellable":true}"#)),
      .expect(progress("\"t\"", #"{"kind":"end"}"#)),
      .expect(result("1", "1"))
    )
  }

  @Test func isCoalescedWhenMuchWaits() async throws {
    var limits = Limits()
    limits.maximumOutboundBytes = 4000
    let reports = (1...1000).map { "\"\($0)\"" }.joined(separator: ",")
    let stage = Stage()
    let loopback = Loopback(routes: testRoutes, context: stage, limits: limits)
    loopback.stopReading()
    loopback.send(request("1", "fill", #"{"bytes":2500}"#))
    loopback.send(request("2", "work", #"{"door":"a","reports":[\#(reports)],"workDoneToken":1}"#))
    loopback.send(request("3", "work", #"{"door":"b","reports":[\#(reports)],"workDoneToken":2}"#))
    loopback.close()
    for door in ["a", "b"] {
      await stage.arrival(at: door)
      stage.open(door)
    }
    loopback.readAgain()
    #expect(await loopback.ending() == .endOfInput)
    let said = loopback.unread
    #expect(
      said.filter { $0.contains("report") }.sorted() == [
        progress("1", #"{"kind":"report","message":"1000"}"#), progress("2", #"{"kind":"report","message":"1000"}"#),
      ]
    )
    #expect(said.count == 9)
  }
}

/// Reports after the request has been answered.
private enum Late: Method {
  struct Params: Decodable, Sendable {}

  static let name = "late"

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> String {
    await Task { await context.wait(at: "late") }.value
    call.report("too late", detail: nil)
    context.open("reported")
    await context.wait(at: "reported")
    return "done"
  }
}
