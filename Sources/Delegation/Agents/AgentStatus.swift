import JSON

/// What the pod said in one answer to `invokeAsync` or `status`.
struct AgentStatus: Sendable {
  var jobId: String?
  var conversationId: String?
  var state: AgentRun.State
  /// The word the pod used, when we do not know it; such a run is taken as running.
  var unknownState: String?
  var output: JSONValue?
  var error: JSONValue?
  var pausedNode: String?

  /// The question a person is asked is the output of a run that waits (assumed).
  var waitingFor: AgentRun.WaitingFor? {
    state == .waiting ? AgentRun.WaitingFor(node: pausedNode, message: output) : nil
  }

  /// - Throws: what is wrong with the answer, in a few words.
  init(parsing body: [UInt8]) throws(NetworkFailure.Malformed) {
    guard let value = try? JSONValue(parsing: body), case .object = value else {
      throw NetworkFailure.Malformed(found: "an answer that is not a JSON object")
    }
    jobId = try Self.identifier(value["jobId"], "jobId")
    conversationId = try Self.identifier(value["conversationId"], "conversationId")
    output = value["output"] == .null ? nil : value["output"]
    error = value["error"] == .null ? nil : value["error"]
    if case .string(let node)? = value["pausedNode"] { pausedNode = node }
    guard case .string(let word)? = value["status"] else {
      state = .running
      return
    }
    let known = AgentRun.State.allCases.first { $0.words.contains(word.uppercased()) }
    state = known ?? .running
    if known == nil { unknownState = Masking.mask(word) }
  }

  /// The pod's identifiers enter URLs and later requests, so they are held to the same rule as the client's.
  static func identifier(_ value: JSONValue?, _ name: String) throws(NetworkFailure.Malformed) -> String? {
    switch value {
    case nil, .null: return nil
    case .string(let text) where AgentNames.isIdentifier(text): return text
    case .number(let number) where AgentNames.isIdentifier(number.text): return number.text
    default: throw NetworkFailure.Malformed(found: "a \(name) that cannot stand in a URL")
    }
  }
}
