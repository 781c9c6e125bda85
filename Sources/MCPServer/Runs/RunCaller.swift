import Delegation
import JSON
import JSONRPC
import Synchronization

/// The caller of what a tool asks of the domain: passes on what the call is told, and learns from it which run is
/// ours, however the call ends.
final class RunCaller: Caller {
  private struct State {
    /// A request went out that may have started a run.
    var hasCommitted = false
    /// The run is known.
    var hasRun = false
  }

  private let call: Call
  private let runs: OwnRuns
  private let agent: String?
  private let state = Mutex(State())

  /// - Parameter agent: whose run it may start or look at; nil for what is no run.
  init(_ call: Call, agent: String?, runs: OwnRuns) {
    self.call = call
    self.agent = agent
    self.runs = runs
  }

  /// Whether a run may have been started of which nothing is known.
  var mayHaveStartedUnknown: Bool { state.withLock { $0.hasCommitted && !$0.hasRun } }

  var deadline: ContinuousClock.Instant { call.deadline }

  func passCommitPoint() throws(CancellationError) {
    try call.passCommitPoint()
    state.withLock { $0.hasCommitted = true }
  }

  func leaveCommitPoint() { call.leaveCommitPoint() }

  func onAbandon(_ detail: JSONValue) {
    learn(from: detail)
    call.onAbandon(detail)
  }

  func report(_ message: String, detail: JSONValue?) {
    if let detail { learn(from: detail) }
    let job = if case .string(let jobId)? = detail?["jobId"] { " (job \(jobId))" } else { "" }
    // It may name a state in the pod's own word.
    call.report(AgentText.prefix(of: AgentText.clean(message), bytes: 500) + job, detail: nil)
  }

  /// Tools tell no text before its end: MCP has no place for it.
  func stream(_ message: String, detail: JSONValue) async { learn(from: detail) }

  private func learn(from detail: JSONValue) {
    guard let agent, detail["state"] != "unknown", case .string(let jobId)? = detail["jobId"] else { return }
    let conversationId: String? = if case .string(let text)? = detail["conversationId"] { text } else { nil }
    runs.note(OwnRuns.Run(agent: agent, jobId: jobId, conversationId: conversationId))
    state.withLock { $0.hasRun = true }
  }
}
