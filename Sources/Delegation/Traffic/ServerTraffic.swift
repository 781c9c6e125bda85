package import Metrics

/// What was asked of one server and what came of it; each attempt counts, also one that is repeated.
package struct ServerTraffic: Sendable, Equatable {
  /// How an attempt ended without an answer.
  package enum Failure: String, Sendable {
    case unreachable
    case tlsFailed
    case timedOut
    case broken
    case tooLarge
    /// It could not be sent as it was built.
    case notSent
    /// Nobody waited for the answer any more.
    case cancelled
  }

  /// Attempts without an outcome yet; that of a streamed answer is there when its body has ended.
  package internal(set) var inFlight = 0
  /// Answers by HTTP status.
  package private(set) var answers: [Int: Int] = [:]
  package private(set) var failures: [Failure: Int] = [:]
  /// From the attempt to its outcome, whatever that was; to the head of an answer whose body is streamed.
  package private(set) var latency = LatencyHistogram()

  package init() {}

  /// - Parameter outcome: the status of the answer, or why there is none.
  mutating func count(_ outcome: Result<Int, HTTPFailure>, after elapsed: Duration) {
    inFlight -= 1
    latency.record(elapsed)
    switch outcome {
    case .success(let status): answers[status, default: 0] += 1
    case .failure(let failure): failures[Failure(failure), default: 0] += 1
    }
  }
}

extension ServerTraffic.Failure {
  fileprivate init(_ failure: HTTPFailure) {
    self =
      switch failure {
      case .unreachable: .unreachable
      case .tlsFailed: .tlsFailed
      case .timedOut: .timedOut
      case .broken: .broken
      case .responseTooLarge: .tooLarge
      case .invalidRequest: .notSent
      case .cancelled: .cancelled
      }
  }
}
