package import Metrics
import Synchronization

/// How the exchanges with one identity domain went.
package final class ExchangeStatistics: Sendable {
  package struct Snapshot: Sendable, Equatable {
    /// From when an exchange was wanted to its end: waiting for its turn and every attempt are in it.
    package fileprivate(set) var latency = LatencyHistogram()
    /// How many of them failed, by the kind of the error.
    package fileprivate(set) var errors: [String: Int] = [:]
    /// How often the token endpoint was tried: above the count of exchanges are those that were tried again.
    package fileprivate(set) var attempts = 0

    package init() {}
  }

  private let clock: any MonotonicClock
  private let kind: @Sendable (Failure) -> String
  private let state = Mutex(Snapshot())

  /// - Parameter kind: the kind of the error that the protocol has for a failure.
  package init(clock: any MonotonicClock, kind: @escaping @Sendable (Failure) -> String) {
    self.clock = clock
    self.kind = kind
  }

  package var snapshot: Snapshot { state.withLock(\.self) }

  func countAttempt() { state.withLock { $0.attempts += 1 } }

  /// Measures one exchange.
  func counting<Value>(_ exchange: () async throws(Failure) -> Value) async throws(Failure) -> Value {
    let start = clock.now
    do throws(Failure) {
      let value = try await exchange()
      count(since: start)
      return value
    } catch {
      count(since: start, kind(error))
      throw error
    }
  }

  private func count(since start: ContinuousClock.Instant, _ kind: String? = nil) {
    let elapsed = start.duration(to: clock.now)
    state.withLock { state in
      state.latency.record(elapsed)
      if let kind { state.errors[kind, default: 0] += 1 }
    }
  }
}
