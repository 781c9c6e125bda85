package import Delegation
import Synchronization

/// A guarded file without a file system: what is in it can be looked at and changed, and it can be told to fail.
package final class InMemoryGuardedFile: GuardedFile {
  package let path: String

  private struct State {
    var bytes: [UInt8]?
    var version: Int64 = 0
    var failure: FileFailure?
    var losesWrites = false
    var failureAfterUpdate: FileFailure?
    var reads = 0
  }

  private let state: Mutex<State>

  package init(_ path: String, bytes: [UInt8]? = nil) {
    self.path = path
    state = Mutex(State(bytes: bytes))
  }

  /// The content; setting it is what another process does.
  package var bytes: [UInt8]? {
    get { state.withLock { $0.bytes } }
    set {
      state.withLock {
        $0.bytes = newValue
        $0.version += 1
      }
    }
  }

  /// What every call throws from now on.
  package var failure: FileFailure? {
    get { state.withLock { $0.failure } }
    set { state.withLock { $0.failure = newValue } }
  }

  /// From now on `update` claims to have written and has not.
  package func loseWrites() { state.withLock { $0.losesWrites = true } }

  /// The next `update` succeeds, and everything after it fails.
  package func failAfterNextUpdate(with failure: FileFailure) {
    state.withLock { $0.failureAfterUpdate = failure }
  }

  /// How often the content was read.
  package var reads: Int { state.withLock { $0.reads } }

  package func read(deadline: ContinuousClock.Instant) throws(FileFailure) -> GuardedContent? {
    try state.withLock { (state) throws(FileFailure) in
      if let failure = state.failure { throw failure }
      state.reads += 1
      return state.bytes.map { GuardedContent(bytes: $0, stamp: FileStamp(fields: [state.version])) }
    }
  }

  package func stamp() throws(FileFailure) -> FileStamp? {
    try state.withLock { (state) throws(FileFailure) in
      if let failure = state.failure { throw failure }
      return state.bytes == nil ? nil : FileStamp(fields: [state.version])
    }
  }

  package func update(
    deadline: ContinuousClock.Instant,
    _ change: ([UInt8]?) throws(FileFailure) -> [UInt8]?
  ) throws(FileFailure) {
    try state.withLock { (state) throws(FileFailure) in
      if let failure = state.failure { throw failure }
      guard let bytes = try change(state.bytes) else { return }
      if !state.losesWrites { state.bytes = bytes }
      if let failure = state.failureAfterUpdate.take() { state.failure = failure }
      state.version += 1
    }
  }
}
