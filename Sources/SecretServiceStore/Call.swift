import Delegation
import Synchronization

/// One call: what to do, how to stop it, and who waits for it.
final class Call: Sendable {
  typealias Work = @Sendable (inout ServiceSession?, Call) throws(StoreFailure) -> Void

  private struct State {
    var waiter: CheckedContinuation<Result<Void, StoreFailure>, Never>?
    var isAnswered = false
    var hasExpired = false
    var isWriting = false
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
      if !state.isAnswered { state.isWriting = true }
      return !state.isAnswered
    }
    if !mayBegin { throw .timedOut(writing: false) }
  }

  var isWriting: Bool { state.withLock { $0.isWriting } }

  var hasExpired: Bool { state.withLock { $0.hasExpired } }

  func notify(_ waiter: CheckedContinuation<Result<Void, StoreFailure>, Never>) {
    state.withLock { $0.waiter = waiter }
  }

  func finish(_ outcome: Result<Void, StoreFailure>) {
    let waiter = state.withLock { state in
      state.isAnswered = true
      return state.waiter.take()
    }
    waiter?.resume(returning: outcome)
  }

  func expire() -> Bool {
    let (waiter, isWriting) = state.withLock { state in
      if !state.isAnswered { state.hasExpired = true }
      state.isAnswered = true
      return (state.waiter.take(), state.isWriting)
    }
    guard let waiter else { return false }
    cancellation.cancel()
    waiter.resume(returning: .failure(.timedOut(writing: isWriting)))
    return true
  }
}
