import Delegation
import Synchronization

/// Where the bytes of a body pass from the loop's thread to their reader.
///
/// It holds `capacity` and no more: what comes beyond is refused until the reader has taken all there was.
final class BodyChannel: Sendable {
  typealias Outcome = Result<[UInt8]?, HTTPFailure>
  typealias Reader = CheckedContinuation<Outcome, Never>

  static let capacity = 256 << 10

  private struct State {
    /// Empty while a reader waits.
    var bytes: [UInt8] = []
    /// Bytes were refused. There are some to be read then.
    var isPaused = false
    /// How it ends behind `bytes`; nil while it goes on.
    var end: Result<Void, HTTPFailure>?
    var readers: [(continuation: Reader, since: ContinuousClock.Instant)] = []
  }

  private let state = Mutex(State())

  // MARK: The loop's side

  /// False when there is no room; then nothing was taken, and `read` will say so.
  func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard !bytes.isEmpty else { return true }
    let (isTaken, reader) = state.withLock { state -> (Bool, Reader?) in
      // Nobody wants it any more; its end is on the way.
      guard state.end == nil else { return (true, nil) }
      if !state.readers.isEmpty { return (true, state.readers.removeFirst().continuation) }
      guard state.bytes.isEmpty || state.bytes.count + bytes.count <= Self.capacity else {
        state.isPaused = true
        return (false, nil)
      }
      state.bytes.append(contentsOf: bytes)
      return (true, nil)
    }
    reader?.resume(returning: .success(Array(bytes)))
    return isTaken
  }

  /// Nothing more comes: the body is whole, or that has happened to it.
  func end(_ failure: HTTPFailure?) {
    finish { $0.end = $0.end ?? failure.map { .failure($0) } ?? .success(()) }
  }

  /// Since when somebody waits for bytes of which there are none.
  var waitsSince: ContinuousClock.Instant? { state.withLock { $0.readers.first?.since } }

  // MARK: The reader's side

  /// Gives what is there, else what comes next. True when bytes were refused and may now be sent.
  func read(_ reader: Reader) -> Bool {
    let (outcome, wasPaused) = state.withLock { state -> (Outcome?, Bool) in
      guard state.bytes.isEmpty else {
        defer { (state.bytes, state.isPaused) = ([], false) }
        return (.success(state.bytes), state.isPaused)
      }
      if let end = state.end { return (end.map { nil }, false) }
      state.readers.append((reader, .now))
      return (nil, false)
    }
    if let outcome { reader.resume(returning: outcome) }
    return wasPaused
  }

  /// What was not read is dropped. False when the transfer has ended before.
  func close() -> Bool {
    finish { state in
      let isUnderWay = state.end == nil
      if isUnderWay || !state.bytes.isEmpty { state.end = .failure(.cancelled(requestSent: true)) }
      state.bytes = []
      return isUnderWay
    }
  }

  private func finish<Value>(_ body: (inout State) -> Value) -> Value {
    let (value, end, readers) = state.withLock { state in
      let value = body(&state)
      defer { state.readers = [] }
      return (value, state.end, state.readers)
    }
    if let end { for reader in readers { reader.continuation.resume(returning: end.map { nil }) } }
    return value
  }
}
