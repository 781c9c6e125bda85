import JSON
import ProtocolKit
import Testing

/// One transcript, by the name a failure is found under.
private struct Replay: CustomTestStringConvertible {
  let method: String
  let transcript: Transcript

  var testDescription: String { "\(method): \(transcript.name)" }

  /// Read once: to check all of protocol/ takes a debug build seconds.
  static let description = Result { try ProtocolDescription(ProtocolSource(in: .working)) }

  static func all() throws -> [Replay] {
    try description.get().methods.flatMap { method in
      method.transcripts.map { Replay(method: method.name, transcript: $0) }
    }
  }
}

/// Every transcript of protocol/methods against the real server, methods and domain: no process, network or disk.
@Suite(.timeLimit(.minutes(2))) struct TranscriptTests {
  @Test(arguments: try Replay.all()) fileprivate func isReplayed(_ replay: Replay) async throws {
    let description = try Replay.description.get()
    let session = try TranscriptSession(replay.transcript.given, description.fixtures, in: .working)
    var sidecar = try await session.sidecar()
    try await TranscriptPlayer(description)
      .replay(replay.transcript, placeholders: session.placeholders, over: &sidecar)
    let unread = try await sidecar.close().map { try JSONValue(parsing: Array($0.utf8)) }
    // Answered once: nothing comes after what was expected, but progress.
    #expect(unread.allSatisfy { $0["method"] == "$/progress" }, "\(unread.map(\.text))")
  }

  @Test func noneIsLost() throws { #expect(try Replay.all().count > 70) }
}
