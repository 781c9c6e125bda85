import Synchronization

/// The runs that this process started, and the conversations they belong to: nothing else can be looked at, or gone on
/// with.
///
/// Bounded: of very many the oldest is forgotten, and then refused like a stranger's.
final class OwnRuns: Sendable {
  struct Run: Sendable, Equatable {
    let agent: String
    let jobId: String
    var conversationId: String?
  }

  /// A conversation that nobody else may write to, until it is given back.
  struct Claim: Sendable, Equatable {
    let conversationId: String
    /// Its last run.
    let run: Run
  }

  enum Refusal: Error, Sendable, Equatable {
    case unknown
    /// Another call writes to it.
    case busy
    /// What was written to it last had an unknown outcome: a run may wait in it of which nothing is known.
    case uncertain
  }

  private struct Conversation {
    var lastJob: String
    var isClaimed = false
    var isUncertain = false
  }

  private struct State {
    var runs: [String: Run] = [:]
    var order: [String] = []
    var conversations: [String: Conversation] = [:]
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int = 10_000) { self.limit = limit }

  subscript(_ jobId: String) -> Run? { state.withLock { $0.runs[jobId] } }

  /// Whether nothing was written to the run's conversation since: what an older run waited for has been answered.
  func isLast(_ jobId: String) -> Bool {
    state.withLock { state in
      guard let conversationId = state.runs[jobId]?.conversationId else { return true }
      return state.conversations[conversationId]?.lastJob == jobId
    }
  }

  /// A run of ours, or more that is known of one.
  func note(_ run: Run) {
    state.withLock { state in
      if state.runs[run.jobId] == nil {
        state.order.append(run.jobId)
        forgetTheOldest(&state)
      }
      let conversationId = run.conversationId ?? state.runs[run.jobId]?.conversationId
      let isNew = state.runs[run.jobId]?.conversationId == nil
      state.runs[run.jobId] = Run(agent: run.agent, jobId: run.jobId, conversationId: conversationId)
      guard let conversationId, isNew else { return }
      state.conversations[conversationId, default: Conversation(lastJob: run.jobId)].lastJob = run.jobId
    }
  }

  /// Lets one call write to a conversation.
  func claim(_ conversationId: String) throws(Refusal) -> Claim {
    try state.withLock { state throws(Refusal) in
      guard let known = state.conversations[conversationId], let run = state.runs[known.lastJob] else { throw .unknown }
      guard !known.isUncertain else { throw .uncertain }
      guard !known.isClaimed else { throw .busy }
      state.conversations[conversationId]?.isClaimed = true
      return Claim(conversationId: conversationId, run: run)
    }
  }

  /// - Parameter isUncertain: whether something may have been written of which nothing is known.
  func giveBack(_ claim: Claim, isUncertain: Bool) {
    state.withLock { state in
      state.conversations[claim.conversationId]?.isClaimed = false
      if isUncertain { state.conversations[claim.conversationId]?.isUncertain = true }
    }
  }

  private func forgetTheOldest(_ state: inout State) {
    guard state.order.count > limit else { return }
    // A tenth at once, so that it is not done for each.
    for jobId in state.order.prefix(max(1, limit / 10)) {
      guard let conversationId = state.runs.removeValue(forKey: jobId)?.conversationId else { continue }
      if state.conversations[conversationId]?.lastJob == jobId { state.conversations[conversationId] = nil }
    }
    state.order.removeFirst(max(1, limit / 10))
  }
}
