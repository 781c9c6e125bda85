import Synchronization

/// Cancellation, deadlines and the end of the session: what becomes of requests whose result nobody waits for.
extension Dispatcher {
  /// How long the true result is awaited of a request that was abandoned behind its commit point.
  static var patience: Duration { .seconds(2) }

  /// The client's wish; of a request that is not in flight it says nothing.
  func cancel(_ id: RequestID) {
    guard let serial = table.withLock({ $0.inFlight.serial(of: id) }) else { return }
    abandon(serial, .cancelled)
  }

  /// Answers the request now, or behind its commit point when the result is there or patience has ended.
  func abandon(_ serial: Serial, _ reason: Abandonment, patience: Duration = Dispatcher.patience) {
    let isAnsweredNow = table.withLock { table in
      guard let request = table.inFlight[serial] else { return false }
      // A client that cancels wants no answer, whatever the request was abandoned for before.
      if reason == .cancelled { table.inFlight.update(serial) { silence(&$0) } }
      // The first reason is the one the client is told, but the end of the session is in more of a hurry.
      guard request.abandonment == nil || reason == .sessionEnded else { return false }
      let isOpen = request.call.abandon()
      table.inFlight.update(serial) { request in
        request.abandonment = request.abandonment ?? reason
        if !isOpen { setAlarm(of: &request, in: patience) }
      }
      return isOpen
    }
    if isAnsweredNow { giveUp(serial) }
  }

  func abandonAll(patience: Duration) {
    for serial in table.withLock(\.inFlight.all) { abandon(serial, .sessionEnded, patience: patience) }
  }

  /// Answers an abandoned request without its result.
  func giveUp(_ serial: Serial) {
    let answered = answer(serial) { request in
      request.prepared.unfinished(
        (request.abandonment ?? .cancelled).error(of: request, detail: request.call.close())
      )
    }
    switch answered?.phase {
    case .waiting: workEnded(serial)
    case .started(let task):
      // The place is kept until the work has really ended: what was committed may still be writing.
      task?.cancel()
      settle()
    case nil: break
    }
  }

  /// Whether the client wants an answer still.
  func answers(_ request: PendingRequest) -> Bool {
    dialect.answersCancelled || !request.isCancelled
  }

  private func silence(_ request: inout PendingRequest) {
    request.isCancelled = true
    if !answers(request) { request.progress?.end() }
  }

  private func setAlarm(of request: inout PendingRequest, in patience: Duration) {
    if let alarm = request.alarm { deadlines.withdraw(alarm) }
    let serial = request.serial
    request.alarm = deadlines.schedule(at: deadlines.now + patience) { [weak self] in self?.giveUp(serial) }
  }
}
