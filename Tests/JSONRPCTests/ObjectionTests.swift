import JSONRPC
import TestSupport
import Testing

/// Results that are there and may not be given any more.
@Suite(.timeLimit(.minutes(1))) struct ObjectionTests {
  @Test func aResultGivesWayToTheObjection() async throws {
    try await play(
      .send(request("1", "work", #"{"door":"a"}"#)),
      .arrives("a"),
      .opens("objection"),
      .opens("a"),
      .fails(id: "1", 1, "withdrawn"),
      .send(request("2", "ping")),
      .expect(result("2", #""pong""#))
    )
  }

  @Test func inABatchToo() async throws {
    try await play(
      .send("[\(request("1", "work", #"{"door":"a"}"#)),\(request("2", "ping"))]"),
      .arrives("a"),
      .opens("objection"),
      .opens("a"),
      .expect(
        #"[{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"It may not be given.","data":"#
          + #"{"kind":"withdrawn","retryable":false,"hint":"Do without."}}},\#(result("2", #""pong""#))]"#
      )
    )
  }

  @Test func anErrorStaysWhatItIs() async throws {
    try await play(
      .opens("objection"),
      .send(request("1", "work", #"{"door":"a"}"#)),
      .send(cancel("1")),
      .fails(id: "1", -32800, "cancelled")
    )
  }
}
