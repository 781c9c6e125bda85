import JSONRPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct LifecycleTests {
  @Test(arguments: MessageTests.framings)
  func runsFromInitializeToExit(framing: Framing) async throws {
    try await play(
      in: framing,
      .send(request("1", "initialize", #"{"processId":null,"capabilities":{}}"#)),
      .expect(result("1", "{}")),
      .send(notification("initialized", "{}")),
      .send(request("2", "ping")),
      .expect(result("2", #""pong""#)),
      .send(request("3", "shutdown")),
      .expect(result("3", "null")),
      .send(request("4", "ping")),
      .fails(id: "4", -32600, "invalid_request"),
      .send(notification("exit")),
      .ends(.exitAfterShutdown)
    )
  }

  @Test func initializeComesOnceAndFirst() async throws {
    try await play(
      .send(request("1", "initialize")),
      .expect(result("1", "{}")),
      .send(request("2", "initialize")),
      .fails(id: "2", -32600, "invalid_request")
    )
    try await play(
      .send(request("1", "ping")),
      .expect(result("1", #""pong""#)),
      .send(request("2", "initialize")),
      .fails(id: "2", -32600, "invalid_request")
    )
  }

  @Test func exitWithoutShutdownEndsTheSession() async throws {
    try await play(.send(notification("exit")), .ends(.exitWithoutShutdown))
    try await play(.send(request("1", "exit")), .expect(result("1", "null")), .ends(.exitWithoutShutdown))
  }

  @Test func whatWasAskedBeforeExitIsCancelled() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .arrives("a"),
      .send(request("2", "shutdown")),
      .expect(result("2", "null")),
      .send(notification("exit")),
      .fails(id: "1", -32800, "cancelled"),
      .ends(.exitAfterShutdown),
      .send(request("3", "ping"))
    )
  }

  @Test func shutdownDoesNotDisturbWhatWasAsked() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .send(request("2", "shutdown")),
      .expect(result("2", "null")),
      .opens("a"),
      .expect(done("1", "a"))
    )
  }

  @Test(arguments: MessageTests.framings)
  func endOfInputFinishesWhatWasAsked(framing: Framing) async throws {
    try await play(
      in: framing,
      .send(request("1", "work", #"{"door":"a"}"#)),
      .send(request("2", "work", #"{"door":"b"}"#)),
      .close,
      .opens("b"),
      .expect(done("2", "b")),
      .opens("a"),
      .expect(done("1", "a")),
      .ends(.endOfInput)
    )
  }

  @Test func endOfInputWaitsForNothingLongerThanItsDeadline() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .arrives("a"),
      .close,
      .passes(.seconds(30)),
      .fails(id: "1", 1700, "deadline_exceeded"),
      .ends(.endOfInput)
    )
  }

  @Test func endOfInputWaitsForTheClientToRead() async throws {
    try await play(
      .stopReading,
      .send(request("1", "ping")),
      .close,
      .readAgain,
      .expect(result("1", #""pong""#)),
      .ends(.endOfInput)
    )
  }

  @Test func aLastLineNeedsNoEnd() async throws {
    try await play(
      .write(request("1", "ping")),
      .close,
      .expect(result("1", #""pong""#)),
      .ends(.endOfInput)
    )
  }

  @Test func anEmptyInputIsNoFailure() async throws {
    try await play(.close, .ends(.endOfInput))
  }

  @Test(arguments: [
    (Framing.lines, "?", -32700, "parse_error"),
    (.headers, "Content-Length: x\r\n\r\n", -32700, "parse_error"),
    (.headers, "Content-Length: 16777217\r\n\r\n", 1700, "message_too_large"),
  ])
  func aBrokenFrameIsAnsweredOnceAndEndsTheSession(
    framing: Framing,
    bytes: String,
    code: Int,
    kind: String
  ) async throws {
    // What opens with a question mark is answered in lines: the framing is not known.
    let first: [Step] = framing == .headers ? [.send(request("1", "ping")), .expect(result("1", #""pong""#))] : []
    try await play(
      in: framing,
      steps: first + [
        .write(bytes), .fails(id: "null", code, kind), .write(bytes), .ends(.brokenInput), .close,
      ]
    )
  }

  @Test func whatWasAskedBeforeABrokenFrameIsFinished() async throws {
    try await play(
      in: .headers,
      .send(request("1", "work", #"{"door":"a"}"#)),
      .write("Content-Length: 2\r\n\r\n"),
      .close,
      .fails(id: "null", -32700, "parse_error"),
      .opens("a"),
      .expect(done("1", "a")),
      .ends(.brokenInput)
    )
  }

  @Test func aLastLineNeedsNoLineFeedWhenItIsWhole() async throws {
    try await play(.write(request("1", "ping")), .close, .expect(result("1", #""pong""#)), .ends(.endOfInput))
    try await play(
      .write(String(request("1", "ping").dropLast())),
      .close,
      .fails(id: "null", -32700, "parse_error"),
      .ends(.brokenInput)
    )
  }

  @Test func aTooLongLineEndsTheSession() async throws {
    var limits = Limits()
    limits.maximumMessageBytes = 1000
    let long = request("2", "echo", #"{"value":"\#(String(repeating: "x", count: 1000))"}"#)
    try await play(
      limits: limits,
      .send(request("1", "ping")),
      .expect(result("1", #""pong""#)),
      .send(long),
      .fails(id: "null", 1700, "message_too_large"),
      .ends(.brokenInput)
    )
  }

  @Test func aSignalCancelsWhatWasAsked() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .send(request("2", "work", #"{"door":"b","commits":true,"detail":{"state":"unknown"}}"#)),
      .arrives("b"),
      .endWithin(.seconds(2)),
      .fails(id: "1", -32800, "cancelled"),
      .passes(.seconds(1)),
      .fails(id: "2", -32800, "cancelled", detail: #"{"state":"unknown"}"#),
      .ends(.ended)
    )
  }

  @Test func aSignalDoesNotWaitForAClientThatDoesNotRead() async throws {
    try await play(
      .stopReading,
      .send(request("1", "work", #"{"door":"a"}"#)),
      .endWithin(.seconds(2)),
      .passes(.seconds(2)),
      .ends(.ended)
    )
  }

  @Test func aSignalEndsASessionThatDrains() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .close,
      .endWithin(.seconds(2)),
      .fails(id: "1", -32800, "cancelled"),
      .ends(.ended)
    )
  }

  @Test func aClientThatIsGoneEndsTheSession() async throws {
    try await play(.send(request("1", "work", #"{"door":"a"}"#)), .hangUp, .ends(.outputBroken))
  }

  @Test func endingsMapToExitCodes() {
    #expect([Ending.endOfInput, .exitAfterShutdown, .ended].map(\.exitCode) == [0, 0, 0])
    #expect([Ending.brokenInput, .exitWithoutShutdown, .outputBroken].map(\.exitCode) == [1, 1, 1])
  }
}
