import Synchronization

/// The end of all use of keys and tokens in this process: closed by `lock`, and never opened again.
///
/// From the return of `close` on no signature is made, and none is under way.
package final class Lockdown: Sendable {
  private struct State {
    var isClosed = false
    var signatures = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  package init() {}

  package var isClosed: Bool { state.withLock(\.isClosed) }

  /// - Throws: `.policy(.locked)`.
  package func requireOpen() throws(Failure) {
    if isClosed { throw .policy(.locked) }
  }

  /// Makes a signature, which `close` waits for.
  func signing<Value>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
    try begin()
    defer { end() }
    return try body()
  }

  /// From now on nothing is signed; returns when the last signature that had begun is made.
  func close() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        state.isClosed = true
        guard state.signatures > 0 else { return true }
        state.waiters.append(continuation)
        return false
      }
      if isIdle { continuation.resume() }
    }
  }

  private func begin() throws(Failure) {
    try state.withLock { state throws(Failure) in
      guard !state.isClosed else { throw .policy(.locked) }
      state.signatures += 1
    }
  }

  private func end() {
    let waiters = state.withLock { state in
      state.signatures -= 1
      guard state.signatures == 0 else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
