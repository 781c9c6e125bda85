import Delegation
import Synchronization

/// One call: what to do, how to stop it, and who waits for it.
final class Call: Sendable {
  typealias Work = @Sendable (inout ServiceSession?, Call) throws(StoreFailure) -> Void

  private struct State {
    var waiter: CheckedContinuation<Result<Void, StoreFailure>, Never>?
    /// The first one stays.
    var outcome: Result<Void, StoreFailure>?
    var hasExpired = false
    var isWriting = false
    var mayHaveWritten = false
  }

  let cancellation = Cancellation()
  let work: Work
  private let state = Mutex(State())

  init(_ work: @escaping Work) { self.work = work }

  /// What follows may change the store: from here on a lost answer means that the outcome is unknown.
  ///
  /// - Throws: when the caller has been told already that nothing was written.
  func beginWriting() throws(StoreFailure) {
    let mayBegin = state.withLock { state in
      if state.outcome == nil { state.isWriting = true }
      return state.outcome == nil
    }
    if !mayBegin { throw .timedOut(writing: false) }
  }

  var isWriting: Bool { state.withLock { $0.isWriting } }

  /// The service was told to change something and has not refused: what follows cannot make that undone.
  func noteEffect() { state.withLock { $0.mayHaveWritten = $0.isWriting } }

  var mayHaveWritten: Bool { state.withLock { $0.mayHaveWritten } }

  var hasExpired: Bool { state.withLock { $0.hasExpired } }

  /// Resumes `waiter` with the outcome, at once when there is one already.
  func answer(to waiter: CheckedContinuation<Result<Void, StoreFailure>, Never>) {
    let outcome = state.withLock { state in
      if state.outcome == nil { state.waiter = waiter }
      return state.outcome
    }
    if let outcome { waiter.resume(returning: outcome) }
  }

  func finish(_ outcome: Result<Void, StoreFailure>) {
    let waiter = state.withLock { state in
      if state.outcome == nil { state.outcome = outcome }
      return state.waiter.take()
    }
    waiter?.resume(returning: outcome)
  }

  /// Ends the wait and cancels what is under way; false when the call had ended before.
  func expire() -> Bool {
    let timedOut: Result<Void, StoreFailure>? = state.withLock { state in
      guard state.outcome == nil else { return nil }
      state.hasExpired = true
      state.outcome = .failure(.timedOut(writing: state.isWriting))
      return state.outcome
    }
    guard let timedOut else { return false }
    cancellation.cancel()
    state.withLock { $0.waiter.take() }?.resume(returning: timedOut)
    return true
  }
}
