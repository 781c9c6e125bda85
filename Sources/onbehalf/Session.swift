import JSONRPC
import Synchronization

/// What ends a session, of whichever protocol.
protocol EndableSession: Sendable {
  func end(within time: Duration)
}

extension Server: EndableSession {}

/// The session, for those who may end it before it has begun: a signal, the watch on the parent.
final class Session: Sendable {
  private struct State {
    var server: (any EndableSession)?
    var endsWithin: Duration?
  }

  private let state = Mutex(State())

  func begin(_ server: any EndableSession) {
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
