import JSONRPC
import TestSupport
import Testing

/// Streamed text is lossless: it waits for the client, and whoever sends it waits with it.
@Suite(.timeLimit(.minutes(1))) struct StreamedTextTests {
  private static func report(_ text: String) -> String { progress("1", #"{"kind":"report","message":"\#(text)"}"#) }

  private static func text(_ text: String) -> String {
    progress("1", #"{"kind":"report","message":"\#(text)","delta":"\#(text)"}"#)
  }

  private static let limits: Limits = {
    var limits = Limits()
    limits.maximumOutboundBytes = 1000
    return limits
  }()

  @Test(arguments: MessageTests.framings) func standsInOrderAmongReports(framing: Framing) async throws {
    try await play(
      in: framing,
      .send(request("1", "say", #"{"door":"a","lines":["+1","2","+3"],"workDoneToken":1}"#)),
      .expect(progress("1", #"{"kind":"begin","title":"say","cancellable":true}"#)),
      .expect(Self.text("+1")),
      .expect(Self.report("2")),
      .expect(Self.text("+3")),
      .opens("a"),
      .expect(progress("1", #"{"kind":"end"}"#)),
      .expect(result("1", #""a""#))
    )
  }

  @Test func nobodyWaitsWhereNobodyAsked() async {
    let stage = Stage()
    let loopback = Loopback(routes: testRoutes, context: stage, limits: Self.limits)
    loopback.stopReading()
    loopback.send(saying((1...1000).map { "+\($0)" }, token: nil))
    await stage.arrival(at: "a")
    loopback.readAgain()
    #expect(loopback.unread.isEmpty)
    stage.open("a")
  }

  @Test func eachPieceArrivesHoweverSlowlyTheClientReads() async {
    let stage = Stage()
    let loopback = Loopback(routes: testRoutes, context: stage, limits: Self.limits)
    let lines = (1...1000).map { "+\($0)" }
    loopback.stopReading()
    loopback.send(saying(lines))
    // Control is answered all the same.
    loopback.send(request("2", "ping"))
    #expect(!stage.hasArrival(at: "a"))
    loopback.readAgain()
    await stage.arrival(at: "a")
    #expect(loopback.unread.filter { $0.contains("delta") } == lines.map(Self.text))
    #expect(loopback.unread.contains(result("2", #""pong""#)))
    stage.open("a")
  }

  @Test func aCancelledRequestStopsWaiting() async {
    let stage = Stage()
    let loopback = Loopback(routes: testRoutes, context: stage, limits: Self.limits)
    loopback.stopReading()
    loopback.send(saying((1...1000).map { "+\($0)" }))
    loopback.send(cancel("1"))
    await stage.arrival(at: "a")
    loopback.readAgain()
    let said = loopback.unread
    #expect(said.count < 100)
    #expect(said.suffix(2).first == progress("1", #"{"kind":"end","message":"The request was cancelled."}"#))
    #expect(said.last?.contains("-32800") == true)
  }

  @Test func whenTheClientIsGoneNobodyWaits() async {
    let stage = Stage()
    let loopback = Loopback(routes: testRoutes, context: stage, limits: Self.limits)
    loopback.stopReading()
    loopback.send(saying((1...1000).map { "+\($0)" }))
    loopback.hangUp()
    await stage.arrival(at: "a")
    #expect(await loopback.ending() == .outputBroken)
  }

  @Test func whenTheSessionEndsNobodyWaits() async {
    let stage = Stage()
    let loopback = Loopback(routes: testRoutes, context: stage, limits: Self.limits)
    loopback.stopReading()
    loopback.send(saying((1...1000).map { "+\($0)" }))
    loopback.server.end(within: .seconds(1))
    await stage.arrival(at: "a")
    loopback.clock.advance(by: .seconds(2))
    #expect(await loopback.ending() == .ended)
  }

  private func saying(_ lines: [String], token: Int? = 1) -> String {
    let progress = token.map { #","workDoneToken":\#($0)"# } ?? ""
    let list = lines.map { "\"\($0)\"" }.joined(separator: ",")
    return request("1", "say", #"{"door":"a","lines":[\#(list)]\#(progress)}"#)
  }
}
