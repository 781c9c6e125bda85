import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct BackpressureTests {
  private static let limits: Limits = {
    var limits = Limits()
    limits.maximumOutboundBytes = 1000
    limits.maximumInFlight = 4
    return limits
  }()

  @Test func inFlightRequestsAreBounded() async throws {
    try await play(
      limits: Self.limits,
      steps: (1...4).map { .send(request("\($0)", "work", #"{"door":"\#($0)"}"#)) } + [
        .send(request("5", "work", #"{"door":"5"}"#)),
        .fails(id: "5", 1700, "too_many_requests"),
        .opens("1"),
        .expect(done("1", "1")),
      ]
    )
  }

  @Test func workIsParkedWhileTheClientDoesNotRead() async throws {
    let big = String(repeating: "x", count: 1200)
    try await play(
      limits: Self.limits,
      .stopReading,
      .send(request("1", "fill", #"{"bytes":1200}"#)),
      .send(request("2", "work", #"{"door":"2"}"#)),
      .send(request("3", "echo", #"{"value":3}"#)),
      .send(request("4", "work", #"{"door":"4"}"#)),
      // Control is handled all the same, cancellation of what is parked included.
      .send(request("5", "ping")),
      .send(cancel("4")),
      .isHeldBack("2"),
      .readAgain,
      .expect(result("1", "\"\(big)\"")),
      .expect(result("5", #""pong""#)),
      .fails(id: "4", -32800, "cancelled"),
      .expect(result("3", "3")),
      .arrives("2"),
      .opens("2"),
      .expect(done("2", "2")),
      .isHeldBack("4")
    )
  }

  @Test func readingStopsWhenWhatIsParkedReachesTheLimit() async throws {
    let loopback = Loopback(routes: testRoutes, context: Stage(), limits: Self.limits)
    loopback.stopReading()
    loopback.send(request("1", "fill", #"{"bytes":1200}"#))
    #expect(loopback.server.appetite == .hungry)
    for id in 2...9 { loopback.send(request("\(id)", "echo", #"{"value":\#(id)}"#)) }
    #expect(loopback.server.appetite == .full)
    #expect(loopback.server.statistics.snapshot.inFlight == 4)
    loopback.readAgain()
    // None of those behind the limit was refused: they had not been read.
    var answers: Set<String> = []
    for _ in 1...9 { answers.insert(await loopback.next()) }
    #expect(answers.isSuperset(of: (2...9).map { result("\($0)", "\($0)") }))
    #expect(loopback.server.appetite == .hungry)
  }

  @Test func readingStopsWhenEvenControlFillsTheOutbox() async {
    let loopback = Loopback(routes: testRoutes, context: Stage(), limits: Self.limits)
    loopback.stopReading()
    for id in 1...500 { loopback.send(request("\(id)", "ping")) }
    #expect(loopback.server.appetite == .full)
    loopback.readAgain()
    for id in 1...500 { #expect(await loopback.next() == result("\(id)", #""pong""#)) }
  }

  @Test func aResultLargerThanAMessageIsAnError() async throws {
    var limits = Limits()
    limits.maximumMessageBytes = 1000
    try await play(
      limits: limits,
      .send(request("1", "fill", #"{"bytes":1000}"#)),
      .fails(id: "1", 1700, "message_too_large"),
      .send(request("2", "fill", #"{"bytes":900}"#)),
      .expect(result("2", "\"\(String(repeating: "x", count: 900))\""))
    )
  }
}
