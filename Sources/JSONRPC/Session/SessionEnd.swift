import Synchronization

/// When and how the session ends.
///
/// Draining: nothing more is read, what was asked is finished. Closing: what was asked is abandoned. Either ends when
/// all is answered and written.
final class SessionEnd: Sendable {
  private enum Phase {
    case open
    case draining(Ending)
    case closing(Ending)
    case ended(Ending)
  }

  private struct State {
    var phase = Phase.open
    var waiters: [CheckedContinuation<Ending, Never>] = []
  }

  private let state = Mutex(State())

  /// Whether input is read.
  var isOpen: Bool {
    state.withLock { if case .open = $0.phase { true } else { false } }
  }

  var hasEnded: Bool {
    state.withLock { if case .ended = $0.phase { true } else { false } }
  }

  func drain(as ending: Ending) {
    state.withLock { if case .open = $0.phase { $0.phase = .draining(ending) } }
  }

  /// False when the session was closing before.
  func close(as ending: Ending) -> Bool {
    state.withLock { state in
      switch state.phase {
      case .open, .draining:
        state.phase = .closing(ending)
        return true
      case .closing, .ended: return false
      }
    }
  }

  /// Ends a session that is on its way to the end, if that is quiet. Whether it has ended, now or before.
  @discardableResult
  func settle(isQuiet: () -> Bool) -> Bool {
    let (hasEnded, ending, waiters) = state.withLock { state -> (Bool, Ending?, [CheckedContinuation<Ending, Never>]) in
      switch state.phase {
      case .open: return (false, nil, [])
      case .ended: return (true, nil, [])
      case .draining(let ending), .closing(let ending):
        guard isQuiet() else { return (false, nil, []) }
        state.phase = .ended(ending)
        defer { state.waiters = [] }
        return (true, ending, state.waiters)
      }
    }
    if let ending { for waiter in waiters { waiter.resume(returning: ending) } }
    return hasEnded
  }

  func wait() async -> Ending {
    await withCheckedContinuation { continuation in
      let ending = state.withLock { state -> Ending? in
        if case .ended(let ending) = state.phase { return ending }
        state.waiters.append(continuation)
        return nil
      }
      if let ending { continuation.resume(returning: ending) }
    }
  }
}
