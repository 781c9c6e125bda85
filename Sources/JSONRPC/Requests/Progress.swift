import JSON
import Synchronization

/// The progress of one request: its begin, any number of reports, its end, and then nothing.
final class Progress: Sendable {
  private enum Phase {
    case silent
    case begun
    case ended
  }

  private struct Report: Sendable {
    let message: String
    let detail: JSONValue?
  }

  private struct State {
    var phase = Phase.silent
    /// Streamed text that may have no place in the outbox yet.
    var streamed: Set<RoomQueue.Ticket> = []
    /// The latest report that came meanwhile: it does not pass that text.
    var held: Report?
    /// How many reports went out, or wait for room.
    var reports = 0
  }

  private let request: Serial
  /// As the client wrote it.
  private let token: [UInt8]
  private let title: String
  private let notation: any ProgressNotation.Type
  private let outbox: Outbox
  /// Held while sending, so that nothing overtakes the end.
  private let state = Mutex(State())

  init(of request: Serial, token: [UInt8], title: String, as notation: any ProgressNotation.Type, outbox: Outbox) {
    self.request = request
    self.token = token
    self.title = title
    self.notation = notation
    self.outbox = outbox
  }

  func begin() {
    state.withLock { state in
      guard state.phase == .silent else { return }
      state.phase = .begun
      if let message = notation.begin(token: token, title: title) { outbox.send(message) }
    }
  }

  /// When much waits for the client, a report takes the place of the one before.
  func report(_ message: String, detail: JSONValue?) {
    state.withLock { state in
      guard state.phase == .begun else { return }
      state.held = Report(message: message, detail: detail)
      sendHeld(&state)
    }
  }

  /// A report that no other takes the place of. Returns when it has its place among what waits for the client, or never
  /// will: progress has ended, the task was cancelled or the client is gone.
  func stream(_ message: String, detail: JSONValue) async {
    let ticket = outbox.ticket()
    await withTaskCancellationHandler {
      await withCheckedContinuation { sender in
        let isOpen = state.withLock { state in
          guard state.phase == .begun else { return false }
          state.streamed.insert(ticket)
          let bytes = written(Report(message: message, detail: detail), &state)
          outbox.stream(bytes, of: request, ticket, sender)
          return true
        }
        if !isOpen { sender.resume() }
        // A task cancelled before this line had its handler run when nothing was waiting yet.
        if Task.isCancelled { outbox.withdraw(ticket) }
      }
    } onCancel: {
      outbox.withdraw(ticket)
    }
    state.withLock { state in
      state.streamed.remove(ticket)
      sendHeld(&state)
    }
  }

  /// Says nothing if nothing has begun.
  func end(_ message: String? = nil) {
    state.withLock { state in
      defer { state.phase = .ended }
      guard state.phase == .begun else { return }
      for ticket in state.streamed { outbox.withdraw(ticket) }
      state.streamed = []
      sendHeld(&state)
      if let message = notation.end(token: token, message) { outbox.send(message) }
    }
  }

  private func sendHeld(_ state: inout State) {
    guard state.phase == .begun, state.streamed.isEmpty, let held = state.held else { return }
    state.held = nil
    outbox.send(written(held, &state), as: .report(of: request))
  }

  /// Numbered in the order in which they go out.
  private func written(_ report: Report, _ state: inout State) -> [UInt8] {
    state.reports += 1
    return notation.report(token: token, report.message, detail: report.detail, number: state.reports)
  }
}
