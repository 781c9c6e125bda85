import Synchronization

/// One piece of work for each key at a time, however many wait for its outcome.
///
/// Each of them may leave alone; the work goes on for the others.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  typealias Outcome = Result<Value, Failure>
  private typealias Waiter = CheckedContinuation<Outcome, Never>

  private struct State {
    var lastID = 0
    /// What newcomers join.
    var current: [Key: Int] = [:]
    /// Who waits for each flight, detached ones among them.
    var waiters: [Int: [Int: Waiter]] = [:]
    /// Which flight each waiter is on.
    var flights: [Int: Int] = [:]
  }

  private let state = Mutex(State())

  func waiterCount(for key: Key) -> Int {
    state.withLock { state in state.current[key].flatMap { state.waiters[$0]?.count } ?? 0 }
  }

  /// The outcome of the work that is under way for the key, begun here if there is none.
  ///
  /// - Parameter keep: called with a value before anyone has it, unless the work was detached meanwhile.
  /// - Throws: `.abandoned` at once when the calling task is cancelled.
  func value(
    for key: Key,
    by work: @escaping @Sendable () async -> Outcome,
    keep: @escaping @Sendable (Value) -> Void
  ) async throws(Failure) -> Value {
    let waiter = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        guard let flight = join(key, waiter, continuation) else { return }
        Task { self.land(flight, key, await work(), keep) }
      }
    } onCancel: {
      leave(waiter)
    }
    return try outcome.get()
  }

  /// Work that is under way is neither joined nor kept from now on: what it was begun with no longer holds.
  func detach(_ key: Key) { state.withLock { $0.current[key] = nil } }

  func detach(where isGone: (Key) -> Bool) {
    state.withLock { state in state.current = state.current.filter { !isGone($0.key) } }
  }

  func detachAll() { state.withLock { $0.current = [:] } }

  /// Ends the wait of all who wait, for detached work too. The work goes on for nobody.
  func failAll(_ failure: Failure) {
    let waiters = state.withLock { state in
      defer {
        state.current = [:]
        state.waiters = [:]
        state.flights = [:]
      }
      return state.waiters.values.flatMap(\.values)
    }
    for waiter in waiters { waiter.resume(returning: .failure(failure)) }
  }

  /// Returns the flight that this waiter has to begin.
  private func join(_ key: Key, _ waiter: Int, _ continuation: Waiter) -> Int? {
    let (isWaiting, flight) = state.withLock { state -> (Bool, Int?) in
      // Cancelled before it came to wait: `leave` has found nobody.
      if Task.isCancelled { return (false, nil) }
      let joined = state.current[key]
      // The number of a flight is that of its first waiter.
      let flight = joined ?? waiter
      state.current[key] = flight
      state.waiters[flight, default: [:]][waiter] = continuation
      state.flights[waiter] = flight
      return (true, joined == nil ? flight : nil)
    }
    if !isWaiting { continuation.resume(returning: .failure(.abandoned)) }
    return flight
  }

  private func leave(_ waiter: Int) {
    let continuation = state.withLock { state in
      state.flights.removeValue(forKey: waiter).flatMap { state.waiters[$0]?.removeValue(forKey: waiter) }
    }
    continuation?.resume(returning: .failure(.abandoned))
  }

  private func land(_ flight: Int, _ key: Key, _ outcome: Outcome, _ keep: (Value) -> Void) {
    let waiters = state.withLock { state in
      if state.current[key] == flight {
        state.current[key] = nil
        if case .success(let value) = outcome { keep(value) }
      }
      let waiters = state.waiters.removeValue(forKey: flight) ?? [:]
      for waiter in waiters.keys { state.flights[waiter] = nil }
      return waiters.values
    }
    for waiter in waiters { waiter.resume(returning: outcome) }
  }
}
