import Delegation
import JSONRPC

extension Services {
  /// Runs a step of the domain that needs a secret store.
  ///
  /// With `prompt` a store that is found locked is unlocked by a person, and the step is run once more. Without it, and
  /// for a store that needs nobody, no question is ever asked.
  func unlocking<Value>(
    _ prompt: Bool?,
    for call: Call,
    _ body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    do throws(Failure) { return try await body() } catch .store(.locked, store: let name) where prompt == true {
      // Nothing was written, so whoever leaves while the question stands is answered at once.
      call.leaveCommitPoint()
      try await unlock(name, deadline: call.deadline)
      return try await body()
    }
  }

  /// Lets a person unlock the store of that name.
  func unlock(_ name: String, deadline: ContinuousClock.Instant) async throws(Failure) {
    let store = try domain.keys.store(KeyMove.Place(name), field: "store")
    do { try await store.unlock(deadline: deadline) } catch { throw .store(error, store: name) }
  }
}
