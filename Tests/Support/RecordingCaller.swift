import Delegation
package import JSON
import Synchronization

/// A caller who writes down what they were told, and leaves when a test says so.
package final class RecordingCaller: Caller {
  private struct State {
    var commits = 0
    var isCommitted = false
    var hasLeft = false
    var abandonDetail: JSONValue?
    var detailOnLeaving: JSONValue?
    var reports: [String] = []
    var streamed: [JSONValue] = []
    var told: [String] = []
  }

  package let deadline: ContinuousClock.Instant
  private let state = Mutex(State())

  package init(deadline: ContinuousClock.Instant = .now.advanced(by: .seconds(3600))) { self.deadline = deadline }

  package var commits: Int { state.withLock(\.commits) }
  package var isCommitted: Bool { state.withLock(\.isCommitted) }
  package var abandonDetail: JSONValue? { state.withLock(\.abandonDetail) }
  /// What the caller would have been told when the commit point was left last.
  package var detailOnLeaving: JSONValue? { state.withLock(\.detailOnLeaving) }
  package var reports: [String] { state.withLock(\.reports) }
  /// The details of streamed text, in order.
  package var streamed: [JSONValue] { state.withLock(\.streamed) }
  /// The messages of reports and of streamed text, in the order they were told.
  package var told: [String] { state.withLock(\.told) }

  package func leave() { state.withLock { $0.hasLeft = true } }

  package func passCommitPoint() throws(CancellationError) {
    let hasLeft = state.withLock { state in
      guard !state.hasLeft else { return true }
      state.commits += 1
      state.isCommitted = true
      return false
    }
    if hasLeft { throw CancellationError() }
  }

  package func leaveCommitPoint() {
    state.withLock { state in
      state.isCommitted = false
      state.detailOnLeaving = state.abandonDetail
    }
  }
  package func onAbandon(_ detail: JSONValue) { state.withLock { $0.abandonDetail = detail } }
  package func report(_ message: String, detail: JSONValue?) {
    state.withLock { state in
      state.reports.append(message)
      state.told.append(message)
    }
  }

  package func stream(_ message: String, detail: JSONValue) {
    state.withLock { state in
      state.streamed.append(detail)
      state.told.append(message)
    }
  }
}
