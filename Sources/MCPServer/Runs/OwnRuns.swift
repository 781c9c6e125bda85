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

  /// A run by the order in which they were begun.
  private struct Known {
    var run: Run
    let number: Int
  }

  private struct Conversation {
    /// What the pod called it: one name as a rule, or another at the end of a run than at its beginning.
    var names: [String] = []
    var lastJob: String
    /// The number of its last run.
    var lastNumber: Int
    var isClaimed = false
    var isUncertain = false
  }

  private struct State {
    var runs: [String: Known] = [:]
    /// The jobs, the oldest first.
    var order: [String] = []
    var lastNumber = 0
    /// By the number of their first run.
    var conversations: [Int: Conversation] = [:]
    var names: [String: Int] = [:]

    subscript(_ conversationId: String) -> Conversation? {
      get { names[conversationId].flatMap { conversations[$0] } }
      set { if let number = names[conversationId] { conversations[number] = newValue } }
    }
  }

  /// A pod that names a conversation anew again and again is not followed for ever.
  private static let maximumNames = 4

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int = 10_000) { self.limit = limit }

  subscript(_ jobId: String) -> Run? { state.withLock { $0.runs[jobId]?.run } }

  /// The one that was begun last.
  var last: Run? { state.withLock { state in state.order.last.flatMap { state.runs[$0]?.run } } }

  /// Whether nothing was written to the run's conversation since: what an older run waited for has been answered.
  func isLast(_ jobId: String) -> Bool {
    state.withLock { state in
      guard let conversationId = state.runs[jobId]?.run.conversationId else { return true }
      return state[conversationId]?.lastJob == jobId
    }
  }

  /// A run of ours, or more that is known of one: its conversation may become known later, and be named anew.
  func note(_ run: Run) {
    state.withLock { state in
      let known = state.runs[run.jobId] ?? begin(run, &state)
      let earlier = known.run.conversationId
      guard let name = run.conversationId ?? earlier else { return }
      state.runs[run.jobId]?.run.conversationId = name
      let number = state.names[name] ?? earlier.flatMap { state.names[$0] } ?? known.number
      var conversation =
        state.conversations[number] ?? Conversation(lastJob: run.jobId, lastNumber: known.number)
      if state.names[name] == nil, conversation.names.count < Self.maximumNames {
        conversation.names.append(name)
        state.names[name] = number
      }
      // Of two runs the one that was begun later is the last, whichever was heard of last.
      if known.number > conversation.lastNumber {
        conversation.lastJob = run.jobId
        conversation.lastNumber = known.number
      }
      state.conversations[number] = conversation
    }
  }

  private func begin(_ run: Run, _ state: inout State) -> Known {
    state.lastNumber += 1
    let known = Known(run: run, number: state.lastNumber)
    state.runs[run.jobId] = known
    state.order.append(run.jobId)
    forgetTheOldest(&state)
    return known
  }

  /// Lets one call write to a conversation.
  func claim(_ conversationId: String) throws(Refusal) -> Claim {
    try state.withLock { state throws(Refusal) in
      guard let known = state[conversationId], let run = state.runs[known.lastJob]?.run else { throw .unknown }
      guard !known.isUncertain else { throw .uncertain }
      guard !known.isClaimed else { throw .busy }
      state[conversationId]?.isClaimed = true
      return Claim(conversationId: conversationId, run: run)
    }
  }

  /// - Parameter isUncertain: whether something may have been written of which nothing is known.
  func giveBack(_ claim: Claim, isUncertain: Bool) {
    state.withLock { state in
      state[claim.conversationId]?.isClaimed = false
      if isUncertain { state[claim.conversationId]?.isUncertain = true }
    }
  }

  private func forgetTheOldest(_ state: inout State) {
    guard state.order.count > limit else { return }
    // A tenth at once, so that it is not done for each.
    let forgotten = state.order.prefix(max(1, limit / 10)).compactMap { state.runs.removeValue(forKey: $0) }
    state.order.removeFirst(max(1, limit / 10))
    let last = forgotten.last?.number ?? 0
    for (number, conversation) in state.conversations where conversation.lastNumber <= last {
      state.conversations[number] = nil
      for name in conversation.names { state.names[name] = nil }
    }
  }
}
