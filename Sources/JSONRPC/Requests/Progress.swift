import JSON
import Synchronization

/// The `$/progress` of one request (LSP 3.17): `begin`, any number of `report`, `end`, and then nothing.
final class Progress: Sendable {
  private enum Phase {
    case silent
    case begun
    case ended
  }

  private struct State {
    var phase = Phase.silent
    /// Streamed text that may have no place in the outbox yet.
    var streamed: Set<RoomQueue.Ticket> = []
    /// The latest report that came meanwhile: it does not pass that text.
    var held: [UInt8]?
  }

  private let request: Serial
  /// As the client wrote it.
  private let token: [UInt8]
  private let title: String
  private let outbox: Outbox
  /// Held while sending, so that nothing overtakes `end`.
  private let state = Mutex(State())

  init(of request: Serial, token: [UInt8], title: String, outbox: Outbox) {
    self.request = request
    self.token = token
    self.title = title
    self.outbox = outbox
  }

  func begin() {
    state.withLock { state in
      guard state.phase == .silent else { return }
      state.phase = .begun
      outbox.send(message(["kind": "begin", "title": .string(title), "cancellable": true]))
    }
  }

  /// When much waits for the client, a report takes the place of the one before.
  func report(_ message: String, detail: JSONValue?) {
    let bytes = reportMessage(message, detail)
    state.withLock { state in
      guard state.phase == .begun else { return }
      state.held = bytes
      sendHeld(&state)
    }
  }

  /// A report that no other takes the place of. Returns when it has its place among what waits for the client, or never
  /// will: progress has ended, the task was cancelled or the client is gone.
  func stream(_ message: String, detail: JSONValue) async {
    let bytes = reportMessage(message, detail)
    let ticket = outbox.ticket()
    await withTaskCancellationHandler {
      await withCheckedContinuation { sender in
        let isOpen = state.withLock { state in
          guard state.phase == .begun else { return false }
          state.streamed.insert(ticket)
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
      let reason = message.map { [JSONValue.Member("message", .string($0))] } ?? []
      outbox.send(self.message(.object([.init("kind", "end")] + reason)))
    }
  }

  private func sendHeld(_ state: inout State) {
    guard state.phase == .begun, state.streamed.isEmpty, let held = state.held else { return }
    state.held = nil
    outbox.send(held, as: .report(of: request))
  }

  private func reportMessage(_ message: String, _ detail: JSONValue?) -> [UInt8] {
    var members: [JSONValue.Member] = [.init("kind", "report"), .init("message", .string(message))]
    if case .object(let facts) = detail { members += facts.filter { $0.name != "kind" && $0.name != "message" } }
    return self.message(.object(members))
  }

  private func message(_ value: JSONValue) -> [UInt8] {
    var bytes = Array(#"{"jsonrpc":"2.0","method":"$/progress","params":{"token":"#.utf8)
    bytes += token
    bytes += #","value":"#.utf8
    bytes += value.serialized()
    bytes += "}}".utf8
    return bytes
  }
}
