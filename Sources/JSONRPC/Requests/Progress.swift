import JSON
import Synchronization

/// The `$/progress` of one request (LSP 3.17): `begin`, any number of `report`, `end`, and then nothing.
final class Progress: Sendable {
  private enum Phase {
    case silent
    case begun
    case ended
  }

  private let request: Serial
  /// As the client wrote it.
  private let token: [UInt8]
  private let title: String
  private let outbox: Outbox
  /// Held while sending, so that nothing overtakes `end`.
  private let phase = Mutex(Phase.silent)

  init(of request: Serial, token: [UInt8], title: String, outbox: Outbox) {
    self.request = request
    self.token = token
    self.title = title
    self.outbox = outbox
  }

  func begin() {
    phase.withLock { phase in
      guard phase == .silent else { return }
      phase = .begun
      outbox.send(message(["kind": "begin", "title": .string(title), "cancellable": true]))
    }
  }

  /// When much waits for the client, a report takes the place of the one before.
  func report(_ message: String, detail: JSONValue?) {
    let bytes = reportMessage(message, detail)
    phase.withLock { phase in
      guard phase == .begun else { return }
      outbox.send(bytes, report: request)
    }
  }

  /// A report that no other takes the place of.
  func stream(_ message: String, detail: JSONValue) async {
    let bytes = reportMessage(message, detail)
    phase.withLock { phase in
      guard phase == .begun else { return }
      outbox.send(bytes)
    }
  }

  /// Says nothing if nothing has begun.
  func end(_ message: String? = nil) {
    phase.withLock { phase in
      defer { phase = .ended }
      guard phase == .begun else { return }
      let reason = message.map { [JSONValue.Member("message", .string($0))] } ?? []
      outbox.send(self.message(.object([.init("kind", "end")] + reason)))
    }
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
