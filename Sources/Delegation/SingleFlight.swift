import JSON
import Synchronization

/// One piece of work for each key at a time, however many wait for its outcome.
///
/// Each of them may leave alone; the work goes on for the others.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  typealias Outcome = Result<Value, Failure>
  typealias Work = @Sendable (Flight) async -> Outcome
  private typealias Continuation = CheckedContinuation<Outcome, Never>

  private struct Waiter {
    let continuation: Continuation
    let caller: any Caller
  }

  /// One flight: who waits for it, and how far it is.
  private struct Crew {
    let key: Key
    /// Done for nobody in particular until then; it is not given up.
    var standby: ContinuousClock.Instant?
    var waiters: [Int: Waiter] = [:]
    var hasDeparted = false
    var task: Task<Void, Never>?
    var report: (message: String, detail: JSONValue?)?
    /// Called when the first comes to wait.
    var change: (@Sendable () -> Void)?
  }

  private struct State {
    var lastID = 0
    /// What newcomers join.
    var current: [Key: Int] = [:]
    /// Detached ones among them.
    var crews: [Int: Crew] = [:]
    /// Which flight each waiter is on.
    var flights: [Int: Int] = [:]

    mutating func nextID() -> Int {
      lastID += 1
      return lastID
    }
  }

  private let state = Mutex(State())

  func waiterCount(for key: Key) -> Int {
    state.withLock { state in state.current[key].flatMap { state.crews[$0]?.waiters.count } ?? 0 }
  }

  /// Flights under way, detached ones among them.
  var count: Int { state.withLock(\.crews.count) }

  /// The outcome of the work that is under way for the key, begun here if there is none.
  ///
  /// - Parameter keep: called with a value before anyone has it, unless the work was detached meanwhile.
  /// - Throws: `.abandoned` at once when the calling task is cancelled.
  func value(
    for key: Key,
    caller: any Caller,
    by work: @escaping Work,
    keep: @escaping @Sendable (Value) -> Void
  ) async throws(Failure) -> Value {
    let waiter = state.withLock { $0.nextID() }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        join(key, waiter, Waiter(continuation: continuation, caller: caller), work, keep)
      }
    } onCancel: {
      leave(waiter)
    }
    return try outcome.get()
  }

  /// Begins the work for whoever will ask for it, unless some is under way.
  ///
  /// - Parameter deadline: what the work sees as the deadline of those who wait, while nobody does.
  /// - Returns: whether it was begun here.
  @discardableResult
  func begin(
    _ key: Key,
    deadline: ContinuousClock.Instant,
    by work: @escaping Work,
    keep: @escaping @Sendable (Value) -> Void
  ) -> Bool {
    state.withLock { state in
      guard state.current[key] == nil else { return false }
      let flight = state.nextID()
      state.current[key] = flight
      state.crews[flight] = Crew(key: key, standby: deadline)
      state.crews[flight]?.task = launch(flight, work, keep)
      return true
    }
  }

  /// Work that is under way is neither joined nor kept from now on: what it was begun with no longer holds. What nobody
  /// waits for is given up.
  func detach(_ key: Key) { detach { $0 == key } }

  func detachAll() { detach { _ in true } }

  func detach(where isGone: (Key) -> Bool) {
    let abandoned = state.withLock { state -> [Task<Void, Never>] in
      state.current.filter { isGone($0.key) }.compactMap { key, flight in
        state.current[key] = nil
        state.crews[flight]?.standby = nil
        guard let crew = state.crews[flight], isGivenUp(crew) else { return nil }
        return crew.task
      }
    }
    for task in abandoned { task.cancel() }
  }

  /// Ends the wait of all who wait, for detached work too. The work goes on for nobody.
  func failAll(_ failure: Failure) {
    let crews = state.withLock { state in
      defer {
        state.current = [:]
        state.crews = [:]
        state.flights = [:]
      }
      return state.crews.values
    }
    for crew in crews {
      for waiter in crew.waiters.values { waiter.continuation.resume(returning: .failure(failure)) }
      if !crew.hasDeparted { crew.task?.cancel() }
    }
  }

  // MARK: Those who wait

  private func join(
    _ key: Key,
    _ number: Int,
    _ waiter: Waiter,
    _ work: @escaping Work,
    _ keep: @escaping @Sendable (Value) -> Void
  ) {
    let crew = state.withLock { state -> Crew? in
      // Cancelled before it came to wait: `leave` has found nobody.
      if Task.isCancelled { return nil }
      let joined = state.current[key]
      let flight = joined ?? state.nextID()
      state.current[key] = flight
      state.crews[flight, default: Crew(key: key, standby: nil)].waiters[number] = waiter
      state.flights[number] = flight
      if joined == nil { state.crews[flight]?.task = launch(flight, work, keep) }
      defer { state.crews[flight]?.change = nil }
      return state.crews[flight]
    }
    guard let crew else { return waiter.continuation.resume(returning: .failure(.abandoned)) }
    if let (message, detail) = crew.report { Self.tell(waiter.caller, message, detail) }
    crew.change?()
  }

  private func leave(_ number: Int) {
    let (waiter, abandoned) = state.withLock { state -> (Waiter?, Task<Void, Never>?) in
      guard let flight = state.flights.removeValue(forKey: number),
        let waiter = state.crews[flight]?.waiters.removeValue(forKey: number)
      else { return (nil, nil) }
      guard let crew = state.crews[flight], isGivenUp(crew) else { return (waiter, nil) }
      if state.current[crew.key] == flight { state.current[crew.key] = nil }
      return (waiter, crew.task)
    }
    abandoned?.cancel()
    waiter?.continuation.resume(returning: .failure(.abandoned))
  }

  private func isGivenUp(_ crew: Crew) -> Bool { crew.waiters.isEmpty && crew.standby == nil && !crew.hasDeparted }

  // MARK: The work

  private func launch(
    _ flight: Int,
    _ work: @escaping Work,
    _ keep: @escaping @Sendable (Value) -> Void
  ) -> Task<Void, Never> {
    let view = Flight(
      depart: { self.state.withLock { self.mark(&$0, flight, hasDeparted: true) } },
      stop: { self.state.withLock { self.mark(&$0, flight, hasDeparted: false) } },
      patience: { self.state.withLock { self.patience($0.crews[flight]) } },
      watch: { change in self.state.withLock { self.watch(&$0, flight, change) } },
      tell: { self.tell(flight, $0, $1) }
    )
    return Task { self.land(flight, await work(view), keep) }
  }

  /// False when nobody waits for it any more.
  private func mark(_ state: inout State, _ flight: Int, hasDeparted: Bool) -> Bool {
    guard var crew = state.crews[flight] else { return false }
    crew.hasDeparted = false
    guard !isGivenUp(crew) else {
      if state.current[crew.key] == flight { state.current[crew.key] = nil }
      return false
    }
    crew.hasDeparted = hasDeparted
    state.crews[flight] = crew
    return true
  }

  private func patience(_ crew: Crew?) -> ContinuousClock.Instant? {
    let deadlines = (crew?.waiters.values.map(\.caller.deadline) ?? []) + [crew?.standby].compactMap(\.self)
    return deadlines.max()
  }

  private func watch(_ state: inout State, _ flight: Int, _ change: (@Sendable () -> Void)?) -> Bool {
    guard let crew = state.crews[flight], crew.standby != nil, crew.waiters.isEmpty else { return true }
    if let change { state.crews[flight]?.change = change }
    return false
  }

  private func tell(_ flight: Int, _ message: String, _ detail: JSONValue?) {
    let callers = state.withLock { state in
      state.crews[flight]?.report = (message, detail)
      return state.crews[flight]?.waiters.values.map(\.caller) ?? []
    }
    for caller in callers { Self.tell(caller, message, detail) }
  }

  private static func tell(_ caller: any Caller, _ message: String, _ detail: JSONValue?) {
    if let detail { caller.onAbandon(detail) }
    caller.report(message, detail: detail)
  }

  private func land(_ flight: Int, _ outcome: Outcome, _ keep: (Value) -> Void) {
    let waiters = state.withLock { state in
      guard let crew = state.crews.removeValue(forKey: flight) else { return [Waiter]() }
      if state.current[crew.key] == flight {
        state.current[crew.key] = nil
        if case .success(let value) = outcome { keep(value) }
      }
      for number in crew.waiters.keys { state.flights[number] = nil }
      return Array(crew.waiters.values)
    }
    for waiter in waiters { waiter.continuation.resume(returning: outcome) }
  }
}
