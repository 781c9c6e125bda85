import Delegation
import JSONRPC
import Synchronization

/// Time that passes when the test says so.
package final class ManualClock: DeadlineClock, MonotonicClock {
  package typealias Instant = ContinuousClock.Instant
  package typealias Duration = Swift.Duration

  private struct Sleeper {
    let until: Instant
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now = ContinuousClock.now
    var lastNumber = 0
    var sleepers: [Int: Sleeper] = [:]
    /// Cancelled before they lay down.
    var cancelled: Set<Int> = []
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  package init() {}

  package var now: Instant { state.withLock(\.now) }
  package var minimumResolution: Duration { .nanoseconds(1) }

  package var sleeperCount: Int { state.withLock(\.sleepers.count) }

  /// Wakes, before it returns, everyone whose time has come by then, the earliest first.
  package func advance(by duration: Duration) {
    let woken = state.withLock { state in
      state.now += duration
      let due = state.sleepers.filter { $0.value.until <= state.now }
      for number in due.keys { state.sleepers[number] = nil }
      return due.values.sorted { $0.until < $1.until }
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }

  /// Returns as soon as at least that many sleep.
  package func sleepers(atLeast count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        guard state.sleepers.count < count else { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { lieDown(number, Sleeper(until: deadline, continuation: $0)) }
    } onCancel: {
      getUp(number)
    }
  }

  private func lieDown(_ number: Int, _ sleeper: Sleeper) {
    let (outcome, watchers) = state.withLock {
      state -> (Result<Void, any Error>?, [CheckedContinuation<Void, Never>]) in
      if state.cancelled.remove(number) != nil { return (.failure(CancellationError()), []) }
      if sleeper.until <= state.now { return (.success(()), []) }
      state.sleepers[number] = sleeper
      let count = state.sleepers.count
      defer { state.watchers.removeAll { $0.count <= count } }
      return (nil, state.watchers.filter { $0.count <= count }.map(\.continuation))
    }
    for watcher in watchers { watcher.resume() }
    if let outcome { sleeper.continuation.resume(with: outcome) }
  }

  private func getUp(_ number: Int) {
    let sleeper = state.withLock { state in
      let sleeper = state.sleepers.removeValue(forKey: number)
      if sleeper == nil { state.cancelled.insert(number) }
      return sleeper
    }
    sleeper?.continuation.resume(throwing: CancellationError())
  }
}
