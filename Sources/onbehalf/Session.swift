import JSONRPC
import Methods
import Synchronization

/// The session, for those who may end it before it has begun: a signal, the watch on the parent.
final class Session: Sendable {
  private struct State {
    var server: Server<Services>?
    var endsWithin: Duration?
  }

  private let state = Mutex(State())

  func begin(_ server: Server<Services>) {
    let endsWithin = state.withLock { state in
      state.server = server
      return state.endsWithin
    }
    if let endsWithin { server.end(within: endsWithin) }
  }

  func end(within time: Duration) {
    let server = state.withLock { state in
      state.endsWithin = time
      return state.server
    }
    server?.end(within: time)
  }
}
