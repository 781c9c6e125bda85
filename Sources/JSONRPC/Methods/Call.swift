package import JSON
import Synchronization

/// One running request, as its method sees it.
///
/// A request may be abandoned (cancelled, or past its deadline) at any time before its commit point. The client is then
/// answered at once, and the task is cancelled. Between `passCommitPoint` and `leaveCommitPoint` lies what cannot be
/// taken back; there the true result is awaited a little.
package final class Call: Sendable {
  private enum Phase {
    case open
    case committed
    /// Abandoned behind the commit point.
    case leaving
    case closed
  }

  private struct State {
    var phase = Phase.open
    var detail: JSONValue?
  }

  package let deadline: ContinuousClock.Instant
  private let progress: Progress?
  private let questions: Questions?
  /// Told when a call that was abandoned behind its commit point has left it.
  private let onLeave: @Sendable () -> Void
  private let state = Mutex(State())

  package convenience init(deadline: ContinuousClock.Instant) {
    self.init(deadline: deadline, progress: nil, questions: nil, onLeave: {})
  }

  init(
    deadline: ContinuousClock.Instant,
    progress: Progress?,
    questions: Questions?,
    onLeave: @escaping @Sendable () -> Void
  ) {
    self.deadline = deadline
    self.progress = progress
    self.questions = questions
    self.onLeave = onLeave
  }

  /// To be called before what cannot be taken back: the bytes of a POST that is not idempotent, a write to a store.
  /// Throws when the request has been answered already, and the work must not be done.
  package func passCommitPoint() throws(CancellationError) {
    try state.withLock { state throws(CancellationError) in
      switch state.phase {
      case .open, .committed: state.phase = .committed
      case .leaving, .closed: throw CancellationError()
      }
    }
  }

  /// To be called when the outcome of what could not be taken back is known and the work goes on.
  package func leaveCommitPoint() {
    let wasAbandoned = state.withLock { state in
      switch state.phase {
      case .open, .closed: return false
      case .committed:
        state.phase = .open
        return false
      case .leaving:
        state.phase = .closed
        return true
      }
    }
    if wasAbandoned { onLeave() }
  }

  /// What the client is told in `data.detail` if the request is abandoned from now on.
  package func onAbandon(_ detail: JSONValue) {
    state.withLock { $0.detail = detail }
  }

  /// Progress for the client, if it asked for it. The members of `detail`, an object, stand beside the message.
  package func report(_ message: String, detail: JSONValue? = nil) {
    progress?.report(message, detail: detail)
  }

  /// A piece of streamed text, if the client asked for progress. Each one arrives, in order; waits while the client does
  /// not read, and no longer than the request is unanswered and its task not cancelled.
  package func stream(_ message: String, detail: JSONValue) async {
    await progress?.stream(message, detail: detail)
  }

  /// Sends the client a request, and returns its result. Ends without one when this call is abandoned.
  package func ask(
    _ method: String,
    _ params: JSONValue,
    within time: Duration
  ) async throws(QuestionFailure) -> JSONElement {
    guard let questions else { throw .nobodyThere }
    return try await questions.ask(method, params, within: time)
  }

  /// Whether the request may be answered now. If not, it has passed its commit point and answers by itself or `onLeave`.
  func abandon() -> Bool {
    state.withLock { state in
      switch state.phase {
      case .open, .closed:
        state.phase = .closed
        return true
      case .committed, .leaving:
        state.phase = .leaving
        return false
      }
    }
  }

  /// The request has been answered. Returns what `onAbandon` was given last.
  @discardableResult
  func close() -> JSONValue? {
    state.withLock { state in
      state.phase = .closed
      return state.detail
    }
  }
}
