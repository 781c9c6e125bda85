import Delegation
import Synchronization

/// Makes blocking calls one after another, on a thread that exists while there are any.
///
/// The caller never waits beyond its deadline: a call that is still in the line is taken out of it, one that is under
/// way is cancelled. If it has not come back one grace later, its thread is left to itself, together with the session,
/// and the line goes on with a fresh one.
final class CallLane: Sendable {
  private struct State: ~Copyable {
    var waiting: [Call] = []
    var current: Call?
    /// Which thread may take the next call; an abandoned one has an older number.
    var generation = 0
    var isWorking = false
    /// Kept here while no thread works.
    var session: ServiceSession?
  }

  private let state = Mutex(State())
  private let grace: Duration

  init(grace: Duration = .seconds(1)) { self.grace = grace }

  /// Runs `work` and returns when it has ended or the deadline has passed, whichever is first.
  ///
  /// - Parameter withdrawnOnCancel: cancelling the task counts as the deadline. Else it changes nothing: the wait is
  ///   bounded, and what was begun ends as it would have.
  func run(
    deadline: ContinuousClock.Instant,
    withdrawnOnCancel: Bool = false,
    _ work: @escaping Call.Work
  ) async throws(StoreFailure) {
    guard deadline > .now else { throw .timedOut(writing: false) }
    let call = Call(work)
    let timer = Task {
      do {
        try await Task.sleep(until: deadline, clock: .continuous)
      } catch {
        return
      }
      await giveUp(call)
    }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        call.answer(to: continuation)
        enqueue(call)
      }
    } onCancel: {
      if withdrawnOnCancel { Task { await giveUp(call) } }
    }
    // After an expiry the timer goes on: it watches over the thread.
    if !call.hasExpired { timer.cancel() }
    try outcome.get()
  }

  private func giveUp(_ call: Call) async {
    guard expire(call) else { return }
    try? await Task.sleep(for: grace)
    abandon(call)
  }

  private func enqueue(_ call: Call) {
    let generation: Int? = state.withLock { state in
      state.waiting.append(call)
      if state.isWorking { return nil }
      state.isWorking = true
      return state.generation
    }
    if let generation { start(generation) }
  }

  /// Without a thread the calls wait in the line for the next try, until their deadlines.
  private func start(_ generation: Int) {
    if startThread({ self.work(as: generation) }) { return }
    state.withLock { state in
      if state.generation == generation { state.isWorking = false }
    }
  }

  private func work(as generation: Int) {
    var session: ServiceSession? = state.withLock { $0.session.take() }
    while let call = next(generation, &session) {
      call.finish(Result { () throws(StoreFailure) in try call.work(&session, call) })
    }
  }

  /// The next call, or nil when the thread shall end: the line is empty and takes the session back, or has moved on.
  private func next(_ generation: Int, _ session: inout ServiceSession?) -> Call? {
    state.withLock { state in
      guard state.generation == generation else { return nil }
      let first = state.waiting.firstIndex { !$0.hasExpired }
      state.waiting.removeSubrange(..<(first ?? state.waiting.endIndex))
      state.current = first == nil ? nil : state.waiting.removeFirst()
      if state.current == nil {
        state.isWorking = false
        state.session = session.take()
      }
      return state.current
    }
  }

  /// Answers a call whose deadline has passed; false when it had been answered.
  private func expire(_ call: Call) -> Bool {
    guard call.expire() else { return false }
    state.withLock { state in state.waiting.removeAll { $0 === call } }
    return true
  }

  private func abandon(_ call: Call) {
    let generation: Int? = state.withLock { state in
      guard state.current === call else { return nil }
      state.generation += 1
      state.current = nil
      state.isWorking = !state.waiting.isEmpty
      return state.isWorking ? state.generation : nil
    }
    if let generation { start(generation) }
  }
}
