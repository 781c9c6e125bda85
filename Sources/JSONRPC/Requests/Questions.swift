import JSON
import Synchronization

/// Why a request of ours to the client has no result.
package enum QuestionFailure: Error, Sendable, Equatable {
  /// The client's own words.
  case refused(String)
  case notInTime
  /// The request that it was asked for is abandoned.
  case withdrawn
  /// The input has ended, or there was never a client.
  case nobodyThere
}

/// Requests of ours to the client, in dialects that have such: each ends once, by its answer or without.
final class Questions: Sendable {
  private typealias Outcome = Result<JSONElement, QuestionFailure>

  private struct State {
    var last: UInt64 = 0
    var waiting: [RequestID: CheckedContinuation<Outcome, Never>] = [:]
    /// No answer can come any more.
    var isClosed = false
  }

  private let outbox: Outbox
  private let deadlines: DeadlineQueue
  private let cancellation: Dialect.Cancellation
  private let state = Mutex(State())

  init(outbox: Outbox, deadlines: DeadlineQueue, cancellation: Dialect.Cancellation) {
    self.outbox = outbox
    self.deadlines = deadlines
    self.cancellation = cancellation
  }

  /// Sends a request and waits for its answer. One that has come to nothing is cancelled at the client.
  func ask(
    _ method: String,
    _ params: JSONValue,
    within time: Duration
  ) async throws(QuestionFailure) -> JSONElement {
    let id = state.withLock { state in
      state.last += 1
      return RequestID(number: state.last)
    }
    let alarm = deadlines.schedule(at: deadlines.now + time) { [weak self] in self?.cancel(id, .notInTime) }
    defer { deadlines.withdraw(alarm) }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { send(id, method, params, $0) }
    } onCancel: {
      cancel(id, .withdrawn)
    }
    return try outcome.get()
  }

  /// What answers no request of ours is ignored.
  func take(_ response: Response) {
    guard let id = response.id else { return }
    if let result = response.result, response.error == nil {
      end(id, .success(result))
    } else {
      end(id, .failure(.refused(response.error?["message"]?.string?.shortened ?? "no reason given")))
    }
  }

  /// No answer comes any more.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume(returning: .failure(.nobodyThere)) }
  }

  private func send(
    _ id: RequestID,
    _ method: String,
    _ params: JSONValue,
    _ continuation: CheckedContinuation<Outcome, Never>
  ) {
    let question = message([.init("method", .string(method)), .init("params", params)], id: id)
    // Sent under the lock: a cancellation either finds nothing, and is seen here, or goes out behind the question.
    let refusal = state.withLock { state -> QuestionFailure? in
      guard !state.isClosed else { return .nobodyThere }
      guard !Task.isCancelled else { return .withdrawn }
      state.waiting[id] = continuation
      outbox.send(question)
      return nil
    }
    if let refusal { continuation.resume(returning: .failure(refusal)) }
  }

  private func cancel(_ id: RequestID, _ reason: QuestionFailure) {
    guard end(id, .failure(reason)) else { return }
    let params: JSONValue = .object([.init(cancellation.member, .number(JSONNumber(validated: id.text)))])
    outbox.send(message([.init("method", .string(cancellation.method)), .init("params", params)]))
  }

  @discardableResult
  private func end(_ id: RequestID, _ outcome: Outcome) -> Bool {
    guard let continuation = state.withLock({ $0.waiting.removeValue(forKey: id) }) else { return false }
    continuation.resume(returning: outcome)
    return true
  }

  private func message(_ members: [JSONValue.Member], id: RequestID? = nil) -> [UInt8] {
    let number = id.map { [JSONValue.Member("id", .number(JSONNumber(validated: $0.text)))] } ?? []
    return JSONValue.object([.init("jsonrpc", "2.0")] + number + members).serialized()
  }
}

extension RequestID {
  fileprivate var text: String { String(decoding: bytes, as: UTF8.self) }
}
