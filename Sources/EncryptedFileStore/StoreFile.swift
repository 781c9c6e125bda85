import Delegation

/// A guarded file whose failures are those of a store.
struct StoreFile: Sendable {
  let file: any GuardedFile

  func stamp() throws(StoreFailure) -> FileStamp? {
    do throws(FileFailure) { return try file.stamp() } catch { throw StoreFailure(error) }
  }

  func read(deadline: ContinuousClock.Instant) throws(StoreFailure) -> GuardedContent? {
    do throws(FileFailure) { return try file.read(deadline: deadline) } catch { throw StoreFailure(error) }
  }

  /// Replaces the content under the file's lock with what `change` makes of it; nil leaves it as it is.
  func update(
    deadline: ContinuousClock.Instant,
    _ change: ([UInt8]?) throws(StoreFailure) -> [UInt8]?
  ) throws(StoreFailure) {
    var refusal: StoreFailure?
    do throws(FileFailure) {
      try file.update(deadline: deadline) { (bytes) throws(FileFailure) in
        do throws(StoreFailure) {
          return try change(bytes)
        } catch {
          refusal = error
          throw .refused
        }
      }
    } catch {
      throw refusal ?? StoreFailure(error)
    }
  }
}

extension StoreFailure {
  /// A lock that was not had is told as a time-out before writing: nothing was changed.
  fileprivate init(_ failure: FileFailure) {
    self =
      switch failure {
      case .unsafe(let found): .unavailable(.unsafePermissions, found: found)
      case .lockTimedOut: .timedOut(writing: false)
      case .unsettled(let found): .interrupted(found: found)
      case .tooLarge, .system, .refused: .unavailable(.inputOutput, found: failure.description)
      }
  }
}
