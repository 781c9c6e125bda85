import Delegation
import JSON

/// A run as tools show it.
enum RunView {
  static func members(_ run: AgentRun) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("state", .string(run.state.rawValue)),
      .init("agent", .string(run.agent)),
      .init("jobId", .string(run.jobId)),
    ]
    if let conversationId = run.conversationId { members.append(.init("conversationId", .string(conversationId))) }
    var isTruncated = false
    for (name, value) in [
      ("waitingFor", run.waitingFor?.message), ("output", run.output), ("agentError", run.error),
    ] {
      guard let value else { continue }
      let shown = AgentText.output(value)
      members.append(.init(name, shown.value))
      isTruncated = isTruncated || shown.isTruncated
    }
    if isTruncated { members.append(.init("truncated", true)) }
    members.append(.init("startedAt", .string(run.startedAt)))
    if let finishedAt = run.finishedAt { members.append(.init("finishedAt", .string(finishedAt))) }
    return members
  }
}
