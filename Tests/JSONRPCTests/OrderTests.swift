import JSONRPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct OrderTests {
  private func work(_ id: Int, changes: String = "", uses: String = "") -> Step {
    let names = { (list: String) in list.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ",") }
    return .send(
      request("\(id)", "work", #"{"door":"\#(id)","changes":[\#(names(changes))],"uses":[\#(names(uses))]}"#)
    )
  }

  /// The orders of two requests, and whether the second waits for the first.
  @Test(arguments: [
    ("key:a", "", "", "key:a", true),
    ("key:a", "", "key:a", "", true),
    ("key:a", "", "", "key:b", false),
    ("", "key:a", "key:a", "", false),
    ("", "key:a", "", "key:a", false),
    ("key:*", "", "", "key:b", true),
    ("key:b", "", "", "key:*", true),
    ("key:*", "", "", "profile:b", false),
    ("key:*", "", "key:*", "", true),
    ("key:a*", "", "", "key:*", true),
    ("key:a", "", "profile:a key:a", "", true),
    ("profile:p key:a", "", "", "x key:a", true),
    ("*", "", "", "key:a", true),
    ("key:a", "", "", "", false),
  ])
  func laterWaitsForEarlier(changes: String, uses: String, then: String, using: String, waits: Bool) async throws {
    let second: [Step] =
      waits
      ? [.opens("2"), .isHeldBack("2"), .opens("1"), .expect(done("1", "1")), .expect(done("2", "2"))]
      : [.arrives("2"), .opens("2"), .expect(done("2", "2")), .opens("1"), .expect(done("1", "1"))]
    try await play(
      steps: [work(1, changes: changes, uses: uses), .arrives("1"), work(2, changes: then, uses: using)] + second
    )
  }

  @Test func aPipelineRunsInOrder() async throws {
    try await play(
      work(1, changes: "key:a"),
      work(2, changes: "profile:p", uses: "key:a"),
      work(3, uses: "profile:p key:a"),
      work(4, uses: "profile:q"),
      .arrives("4"),
      .opens("4"),
      .expect(done("4", "4")),
      .opens("3"),
      .opens("2"),
      .opens("1"),
      .expect(done("1", "1")),
      .expect(done("2", "2")),
      .expect(done("3", "3"))
    )
  }

  @Test func aCancelledWaiterLetsTheNextThroughOnlyWhenTheFirstIsDone() async throws {
    try await play(
      work(1, changes: "a"),
      work(2, changes: "a"),
      work(3, uses: "a"),
      .arrives("1"),
      .send(cancel("2")),
      .fails(id: "2", -32800, "cancelled"),
      .opens("3"),
      .isHeldBack("3"),
      .opens("1"),
      .expect(done("1", "1")),
      .expect(done("3", "3")),
      .isHeldBack("2")
    )
  }

  @Test func aFailureLetsTheNextThrough() async throws {
    try await play(
      work(1, changes: "a"),
      work(2, uses: "a"),
      .arrives("1"),
      .send(cancel("1")),
      .fails(id: "1", -32800, "cancelled"),
      .arrives("2"),
      .opens("2"),
      .expect(done("2", "2"))
    )
  }

  @Test func waitingCountsAgainstTheDeadline() async throws {
    try await play(
      work(1, changes: "a"),
      .passes(.seconds(10)),
      .send(request("2", "work", #"{"door":"2","uses":["a"],"timeoutMs":5000}"#)),
      .passes(.seconds(5)),
      .fails(id: "2", 1700, "deadline_exceeded"),
      .opens("1"),
      .expect(done("1", "1")),
      .isHeldBack("2")
    )
  }

  @Test func anAnswerAtOnceWaitsForWhatIsBefore() async throws {
    try await play(
      work(1, changes: "a"),
      .send(request("2", "ordered")),
      .send(request("3", "ping")),
      .expect(result("3", #""pong""#)),
      .opens("1"),
      .expect(done("1", "1")),
      .expect(result("2", #""later""#)),
      .send(request("4", "ordered")),
      .expect(result("4", #""at once""#))
    )
  }

  @Test func controlIsAnsweredInTheOrderOfArrival() async throws {
    try await play(
      .send((1...20).map { request("\($0)", "ping") }.joined(separator: "\n")),
      steps: (1...20).map { .expect(result("\($0)", #""pong""#)) }
    )
  }
}
