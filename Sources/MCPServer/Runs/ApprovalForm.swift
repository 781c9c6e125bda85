import Delegation
import JSON

/// What a person at the host is asked when a run waits for one, and what they may answer.
enum ApprovalForm {
  enum Decision: String, CaseIterable {
    case approve
    case refuse
    /// The person's own words and nothing else.
    case answer
  }

  /// What came of the question.
  enum Answer: Sendable, Equatable {
    /// The text for the agent: a person's word, and nobody else's.
    case reply(String)
    case declined
    case dismissed
    /// No answer to this form.
    case unusable(String)
  }

  private static let maximumWords = 2000

  /// The params of `elicitation/create`. Words of ours stand before those of the agent and never behind, where long ones
  /// could be taken for ours.
  static func params(_ run: AgentRun, _ question: ApprovalQuestion, subject: String, withMode: Bool) -> JSONValue {
    let message = """
      The agent \(run.agent) waits for a person's answer before it goes on. It acts in Fusion as \(subject). Your answer \
      is sent to it as it stands; without one nothing is sent.

      All that follows is what the agent says, in its own words, each line marked with >\
      \(question.isCut ? "; it is long, and only its beginning is shown" : ""):
      \(question.shown)
      """
    let mode = withMode ? [JSONValue.Member("mode", "form")] : []
    return .object(mode + [.init("message", .string(message)), .init("requestedSchema", schema)])
  }

  private static let schema: JSONValue = [
    "type": "object",
    "properties": [
      "decision": [
        "type": "string",
        "title": "Decision",
        "description": "approve, refuse, or answer with your own words only",
        "enum": .array(Decision.allCases.map { .string($0.rawValue) }),
      ],
      "words": [
        "type": "string",
        "title": "Your words to the agent",
        "description": "Needed with the decision answer; else added to it",
        "maxLength": .number(JSONNumber(maximumWords)),
      ],
    ],
    "required": ["decision"],
  ]

  /// - Parameter result: an ElicitResult, as the client sent it.
  static func answer(_ result: JSONElement) -> Answer {
    switch result["action"]?.string {
    case "decline": return .declined
    case "cancel": return .dismissed
    case "accept": break
    default: return .unusable("it has no action")
    }
    guard let decision = result["content"]?["decision"]?.string.flatMap(Decision.init) else {
      return .unusable("it has no decision")
    }
    let given = result["content"]?["words"]
    // Words that cannot be read may have been a condition.
    guard [.string, .null].contains(given?.kind ?? .null) else { return .unusable("its words are no text") }
    let words = AgentText.clean(given?.string ?? "")
    guard words.unicodeScalars.count <= maximumWords else { return .unusable("it is too long") }
    switch decision {
    case .approve, .refuse: return .reply(words.isEmpty ? decision.rawValue : "\(decision.rawValue)\n\(words)")
    case .answer: return words.isEmpty ? .unusable("it has no words") : .reply(words)
    }
  }
}
