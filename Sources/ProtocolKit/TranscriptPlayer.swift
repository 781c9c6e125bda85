import JSON

/// The client's end of a session.
package protocol TranscriptChannel {
  /// Sends one message.
  mutating func send(_ message: [UInt8]) async throws

  /// The next message of the sidecar. Throws when none comes.
  mutating func receive() async throws -> [UInt8]
}

/// Replays transcripts, and holds every answer against the schemas too.
package struct TranscriptPlayer: Sendable {
  private let description: ProtocolDescription

  package init(_ description: ProtocolDescription) { self.description = description }

  /// Throws `TranscriptFailure` at the first message that is not as expected, and whatever the channel throws.
  package func replay(
    _ transcript: Transcript,
    placeholders: Placeholders,
    over channel: inout some TranscriptChannel
  ) async throws {
    var placeholders = placeholders
    var methods: [JSONValue: String] = [:]
    for (index, step) in transcript.steps.enumerated() {
      let send = placeholders.filling(step.send)
      methods[send["id"] ?? nil] = send["method"]?.string
      try await channel.send(JSONValue.object([.init("jsonrpc", "2.0")] + (send.members ?? [])).serialized())
      for expected in step.expect {
        let message = try await next(Expectation(expected), &placeholders, over: &channel)
        if let problem = message.problem ?? schemaProblem(in: message.value, methods) {
          throw TranscriptFailure(transcript: transcript.name, step: index + 1, problem: problem)
        }
      }
    }
  }

  /// The message that is expected, or the first that is neither it nor progress.
  private func next(
    _ expectation: Expectation,
    _ placeholders: inout Placeholders,
    over channel: inout some TranscriptChannel
  ) async throws -> (value: JSONValue, problem: String?) {
    while true {
      let message = try JSONValue(parsing: try await channel.receive())
      let problem = expectation.mismatch(with: message, &placeholders)
      if problem == nil || message["method"] != "$/progress" { return (message, problem) }
    }
  }

  private func schemaProblem(in message: JSONValue, _ methods: [JSONValue: String]) -> String? {
    let validator = SchemaValidator(types: description.types, reading: .strict)
    if let error = message["error"] {
      return validator.problem(with: error["data"] ?? nil, against: ["$ref": "types.json#/ErrorData"], at: "error.data")
    }
    guard let result = message["result"], let name = methods[message["id"] ?? nil],
      let method = description.methods.first(where: { $0.name == name })
    else { return nil }
    return validator.problem(with: result, against: method.result, at: "result")
  }
}

/// Where a session left its transcript.
package struct TranscriptFailure: Error, CustomStringConvertible {
  let transcript: String
  /// From 1.
  let step: Int
  let problem: String

  package var description: String { "\(transcript), step \(step): \(problem)" }
}
