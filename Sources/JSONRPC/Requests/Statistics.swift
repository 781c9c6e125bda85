package import Metrics
import Synchronization

/// What a session has done so far: its server writes it, methods may read it.
package final class SessionStatistics: Sendable {
  package struct Method: Sendable, Equatable {
    /// From arrival to answer, of every answer: waiting in queues is in it.
    package var latency = LatencyHistogram()
    /// How many of the answers were errors, by `error.data.kind`.
    package var errors: [String: Int] = [:]

    package init() {}
  }

  package struct Snapshot: Sendable, Equatable {
    /// Requests taken in and not answered yet. What is answered at once is never among them.
    package fileprivate(set) var inFlight = 0
    /// What was refused before a method saw it, by `error.data.kind`: malformed, unknown, or too many.
    package fileprivate(set) var refused: [String: Int] = [:]
    /// By name; methods that gave no answer yet are absent.
    package fileprivate(set) var methods: [String: Method] = [:]
  }

  private let state = Mutex(Snapshot())

  package init() {}

  package var snapshot: Snapshot { state.withLock(\.self) }

  func countAdmitted() { state.withLock { $0.inFlight += 1 } }

  func countRefused(_ error: ResponseError) { state.withLock { $0.refused[error.kind, default: 0] += 1 } }

  func count(_ request: AnsweredRequest, wasInFlight: Bool) {
    state.withLock { state in
      if wasInFlight { state.inFlight -= 1 }
      state.methods[request.method, default: Method()].count(request)
    }
  }
}

extension SessionStatistics.Method {
  fileprivate mutating func count(_ request: AnsweredRequest) {
    latency.record(request.elapsed)
    if let kind = request.errorKind { errors[kind, default: 0] += 1 }
  }
}
