package import Delegation
import Synchronization

/// A body that comes when a test says so, and stalls until then.
package final class ScriptedBody: HTTPBody {
  private struct State {
    var pieces: [[UInt8]] = []
    /// How it ends once all pieces are read; nil while it goes on.
    var end: Result<Void, HTTPFailure>?
    var isClosed = false
    var reader: CheckedContinuation<Void, Never>?
    var watchers: [CheckedContinuation<Void, Never>] = []

    /// Nil when the reader must wait.
    mutating func take() -> Result<[UInt8]?, HTTPFailure>? {
      if isClosed { return .failure(.cancelled(requestSent: true)) }
      if !pieces.isEmpty { return .success(pieces.removeFirst()) }
      return end?.map { nil }
    }
  }

  private let state = Mutex(State())

  package init() {}

  /// One that is all there.
  package convenience init(_ pieces: [UInt8]...) {
    self.init()
    for piece in pieces where !piece.isEmpty { give(piece) }
    end()
  }

  package func give(_ bytes: [UInt8]) { change { $0.pieces.append(bytes) } }

  package func give(_ text: String) { give(Array(text.utf8)) }

  package func end() { change { $0.end = $0.end ?? .success(()) } }

  package func fail(_ failure: HTTPFailure) { change { $0.end = $0.end ?? .failure(failure) } }

  /// By its reader, or because the task that read was cancelled.
  package var isClosed: Bool { state.withLock(\.isClosed) }

  /// Returns when the reader waits, having read all that was given.
  package func readerWaits() async {
    await withCheckedContinuation { watcher in
      let isThere = state.withLock { state in
        guard state.reader == nil else { return true }
        state.watchers.append(watcher)
        return false
      }
      if isThere { watcher.resume() }
    }
  }

  package func next() async throws(HTTPFailure) -> [UInt8]? {
    while true {
      if Task.isCancelled { close() }
      if let outcome = state.withLock({ $0.take() }) { return try outcome.get() }
      await withTaskCancellationHandler {
        await withCheckedContinuation { wait($0) }
      } onCancel: {
        close()
      }
    }
  }

  package func close() { change { $0.isClosed = true } }

  private func wait(_ reader: CheckedContinuation<Void, Never>) {
    let (goesOn, watchers) = state.withLock { state in
      guard state.pieces.isEmpty, state.end == nil, !state.isClosed else {
        return (true, [CheckedContinuation<Void, Never>]())
      }
      state.reader = reader
      defer { state.watchers = [] }
      return (false, state.watchers)
    }
    if goesOn { reader.resume() }
    for watcher in watchers { watcher.resume() }
  }

  private func change(_ body: (inout State) -> Void) {
    let reader = state.withLock { state in
      body(&state)
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume()
  }
}

extension HTTPStreamedResponse {
  /// A whole answer, its body in one piece.
  package init(whole response: HTTPResponse) {
    self.init(
      status: response.status,
      headers: response.headers,
      date: response.date,
      body: ScriptedBody(response.body)
    )
  }
}
