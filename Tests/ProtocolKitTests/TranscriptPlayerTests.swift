import JSON
import ProtocolKit
import Testing

@Suite struct TranscriptPlayerTests {
  /// Answers from a list and keeps what was sent.
  struct Script: TranscriptChannel {
    struct Exhausted: Error {}

    var answers: [String]
    var sent: [String] = []

    mutating func send(_ message: [UInt8]) { sent.append(String(decoding: message, as: UTF8.self)) }

    mutating func receive() throws -> [UInt8] {
      guard !answers.isEmpty else { throw Exhausted() }
      return Array(answers.removeFirst().utf8)
    }
  }

  let player: TranscriptPlayer
  let description: ProtocolDescription

  init() throws {
    description = try ProtocolDescription(ProtocolSource(in: .working))
    player = TranscriptPlayer(description)
  }

  private func transcript(_ steps: String) throws -> Transcript {
    try JSONReader.decode(Transcript.self, from: Array(#"{"name":"test","steps":\#(steps)}"#.utf8))
  }

  @Test func sendsWholeMessagesAndPassesOverProgress() async throws {
    let transcript = try transcript(
      #"[{"send":{"id":1,"method":"deleteKey","params":{"alias":"${key}"}},"expect":{"id":1,"result":{"deleted":true}}}]"#
    )
    var script = Script(answers: [
      #"{"jsonrpc":"2.0","method":"$/progress","params":{"token":1,"value":{"kind":"report"}}}"#,
      #"{"jsonrpc":"2.0","id":1,"result":{"deleted":true}}"#,
    ])
    try await player.replay(transcript, placeholders: Placeholders(["key": "spare"]), over: &script)
    #expect(script.sent == [#"{"jsonrpc":"2.0","id":1,"method":"deleteKey","params":{"alias":"spare"}}"#])
  }

  @Test(arguments: [
    (#"{"id":1,"result":{"deleted":false}}"#, "test, step 1: .result.deleted is false, not true"),
    (#"{"id":1,"result":{"deleted":true,"at":1}}"#, "test, step 1: result.at is unknown"),
    (#"{"id":2,"result":{"deleted":true}}"#, "test, step 1: .id is 2, not 1"),
  ]) func saysWhereTheSessionLeftIt(answer: String, problem: String) async throws {
    let transcript = try transcript(
      #"[{"send":{"id":1,"method":"deleteKey","params":{"alias":"spare"}},"expect":{"id":1,"result":{"deleted":true}}}]"#
    )
    var script = Script(answers: [answer])
    await #expect {
      try await player.replay(transcript, placeholders: Placeholders([:]), over: &script)
    } throws: {
      "\($0)" == problem
    }
  }

  @Test func anErrorWithoutHintIsNotInOrder() async throws {
    let transcript = try transcript(
      #"[{"send":{"id":1,"method":"getKey","params":{"alias":"absent"}},"expect":{"id":1,"error":{"code":1300}}}]"#
    )
    var script = Script(answers: [
      #"{"id":1,"error":{"code":1300,"message":"","data":{"kind":"key_not_found","retryable":false}}}"#
    ])
    await #expect {
      try await player.replay(transcript, placeholders: Placeholders([:]), over: &script)
    } throws: {
      "\($0)" == "test, step 1: error.data.hint is missing"
    }
  }
}
