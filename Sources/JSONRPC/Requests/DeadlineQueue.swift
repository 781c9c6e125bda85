import Synchronization

/// Runs actions when their time has come: one heap and one sleeper, however many requests wait.
final class DeadlineQueue: Sendable {
  typealias Instant = ContinuousClock.Instant
  typealias Action = @Sendable () -> Void

  /// Names a scheduled action.
  struct Ticket: Sendable, Hashable {
    fileprivate let number: UInt64
  }

  private struct State {
    var heap = DeadlineHeap()
    /// Actions neither run nor withdrawn. The heap may hold more: what was withdrawn is dropped when it comes up.
    var actions: [UInt64: Action] = [:]
    var lastNumber: UInt64 = 0
    var sleeper: (until: Instant, task: Task<Void, Never>)?
  }

  private let clock: any DeadlineClock
  private let state = Mutex(State())

  init(clock: any DeadlineClock) { self.clock = clock }

  deinit { state.withLock { $0.sleeper?.task.cancel() } }

  var now: Instant { clock.now }

  /// The action runs once, on no particular thread, unless it is withdrawn before.
  func schedule(at instant: Instant, _ action: @escaping Action) -> Ticket {
    state.withLock { state in
      state.lastNumber += 1
      let number = state.lastNumber
      state.actions[number] = action
      state.heap.insert(DeadlineHeap.Entry(instant: instant, number: number))
      armSleeper(&state)
      return Ticket(number: number)
    }
  }

  func withdraw(_ ticket: Ticket) {
    state.withLock { state in
      state.actions[ticket.number] = nil
      // Most requests end long before their deadline: without this the heap would hold all of the last half minute.
      guard state.heap.count > 2 * state.actions.count + 64 else { return }
      state.heap.removeAll { state.actions[$0.number] == nil }
    }
  }

  private func armSleeper(_ state: inout State) {
    guard let next = state.heap.first?.instant else { return }
    if let sleeper = state.sleeper {
      guard next < sleeper.until else { return }
      sleeper.task.cancel()
    }
    state.sleeper = (
      next,
      Task { [weak self, clock] in
        guard (try? await clock.sleep(until: next, tolerance: nil)) != nil else { return }
        self?.runDue(sleptUntil: next)
      }
    )
  }

  private func runDue(sleptUntil instant: Instant) {
    let due = state.withLock { state in
      // A sleeper that was replaced while it woke leaves the newer one in place.
      if state.sleeper?.until == instant { state.sleeper = nil }
      var due: [Action] = []
      while let first = state.heap.first, first.instant <= clock.now || state.actions[first.number] == nil {
        state.heap.removeFirst()
        if let action = state.actions.removeValue(forKey: first.number) { due.append(action) }
      }
      armSleeper(&state)
      return due
    }
    for action in due { action() }
  }
}
