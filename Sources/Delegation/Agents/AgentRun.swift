package import JSON

/// One run of an agent, as the pod last told it.
package struct AgentRun: Sendable, Equatable, Encodable {
  package enum State: String, Codable, Sendable, CaseIterable {
    case running
    /// A person has to act before it goes on.
    case waiting
    case complete
    case failed

    /// What the pod says for it. A run of which it says anything else is taken as running.
    var words: [String] {
      switch self {
      case .running: ["RUNNING"]
      case .waiting: ["WAITING"]
      case .complete: ["COMPLETE", "COMPLETED", "SUCCESS"]
      case .failed: ["ERROR", "FAILED", "CANCELLED"]
      }
    }
  }

  package var agent: String
  package var jobId: String
  package var conversationId: String?
  package var state: State
  /// As the pod wrote it: text, or JSON with its digits.
  package var output: JSONValue?
  package var error: JSONValue?
  /// RFC 3339. For a run that is found again: when it was asked for, because the pod does not tell.
  package var startedAt: String
  package var finishedAt: String?
  package var polls: Int
}

/// What the pod said in one answer to `invokeAsync` or `status`.
struct AgentStatus: Sendable {
  var jobId: String?
  var conversationId: String?
  var state: AgentRun.State
  /// The word the pod used, when we do not know it; such a run is taken as running.
  var unknownState: String?
  var output: JSONValue?
  var error: JSONValue?

  /// - Throws: what is wrong with the answer, in a few words.
  init(parsing body: [UInt8]) throws(NetworkFailure.Malformed) {
    guard let value = try? JSONValue(parsing: body), case .object = value else {
      throw NetworkFailure.Malformed(found: "an answer that is not a JSON object")
    }
    jobId = try Self.identifier(value["jobId"], "jobId")
    conversationId = try Self.identifier(value["conversationId"], "conversationId")
    output = value["output"] == .null ? nil : value["output"]
    error = value["error"] == .null ? nil : value["error"]
    guard case .string(let word)? = value["status"] else {
      state = .running
      return
    }
    let known = AgentRun.State.allCases.first { $0.words.contains(word.uppercased()) }
    state = known ?? .running
    if known == nil { unknownState = Masking.mask(word) }
  }

  /// The pod's identifiers enter URLs and later requests, so they are held to the same rule as the client's.
  private static func identifier(_ value: JSONValue?, _ name: String) throws(NetworkFailure.Malformed) -> String? {
    switch value {
    case nil, .null: return nil
    case .string(let text) where AgentNames.isIdentifier(text): return text
    case .number(let number) where AgentNames.isIdentifier(number.text): return number.text
    default: throw NetworkFailure.Malformed(found: "a \(name) that cannot stand in a URL")
    }
  }
}

/// What may enter the path of an agent call.
package enum AgentNames {
  /// The grammar Oracle's own command line tool holds agent codes to.
  package static func checkCode(_ code: String) throws(ParamsFailure) {
    guard (1...200).contains(code.utf8.count),
      code.utf8.allSatisfy({ (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_") })
    else { throw ParamsFailure("agent", "must be 1 to 200 of A-Z, 0-9 and _: the agent's code, not its name") }
  }

  package static func checkIdentifier(_ text: String?, field: String) throws(ParamsFailure) {
    guard let text, !isIdentifier(text) else { return }
    throw ParamsFailure(field, "must be 1 to 200 letters, digits, dots, dashes, underscores or colons")
  }

  static func isIdentifier(_ text: String) -> Bool {
    (1...200).contains(text.utf8.count) && text.utf8.contains { $0 != UInt8(ascii: ".") }
      && text.utf8.allSatisfy { FieldRules.isAlphanumeric($0) || "._:-".utf8.contains($0) }
  }
}
