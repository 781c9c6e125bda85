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

  /// Assumed: Oracle documents no answer of a run that waits.
  package struct WaitingFor: Sendable, Equatable, Encodable {
    /// The code of the node that waits.
    package var node: String?
    package var message: JSONValue?

    /// Nil when nothing is known.
    package init?(node: String?, message: JSONValue?) {
      guard node != nil || message != nil else { return nil }
      self.node = node
      self.message = message
    }
  }

  package var agent: String
  package var jobId: String
  package var conversationId: String?
  package var state: State
  /// While it waits: what a person is asked, as far as the pod says.
  package var waitingFor: WaitingFor?
  /// As the pod wrote it: text, or JSON with its digits.
  package var output: JSONValue?
  package var error: JSONValue?
  /// RFC 3339. For a run that is found again: when it was asked for, because the pod does not tell.
  package var startedAt: String
  package var finishedAt: String?
  package var polls: Int
  /// Of one whose text was asked for as it comes: whether all of it came so. False: the pod does not stream, or the
  /// stream broke off, and the run was polled.
  package var streamed: Bool?
}

extension AgentRun {
  mutating func take(_ status: AgentStatus, at now: UnixTime) {
    conversationId = status.conversationId ?? conversationId
    state = status.state
    waitingFor = status.waitingFor
    output = status.output
    error = status.error
    if state == .complete || state == .failed { finishedAt = now.rfc3339 }
  }

  /// What an error says of a run that nobody waits for any more: it may go on at the pod.
  package var detached: JSONValue { whereabouts("detached") }

  var progress: JSONValue { whereabouts(state.rawValue) }

  private func whereabouts(_ state: String) -> JSONValue {
    .whereabouts(state: state, agent: agent, jobId: jobId, conversationId: conversationId)
  }
}

extension JSONValue {
  /// Where to look for a run.
  static func whereabouts(state: String, agent: String, jobId: String?, conversationId: String?) -> JSONValue {
    var members = [JSONValue.Member("state", .string(state)), JSONValue.Member("agent", .string(agent))]
    if let jobId { members.append(JSONValue.Member("jobId", .string(jobId))) }
    if let conversationId { members.append(JSONValue.Member("conversationId", .string(conversationId))) }
    return .object(members)
  }
}
