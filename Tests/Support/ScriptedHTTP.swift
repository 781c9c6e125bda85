package import Delegation
import Synchronization

/// An HTTP client that answers what a test planned, in order, and refuses everything else.
package final class ScriptedHTTP: HTTPClient {
  package typealias Answer = Result<HTTPResponse, HTTPFailure>
  package typealias Opening = Result<HTTPStreamedResponse, HTTPFailure>

  private enum Plan {
    case answer(@Sendable (HTTPRequest) async -> Answer)
    case stream(@Sendable (HTTPRequest) async -> Opening)
  }

  private struct State {
    var planned: [Plan] = []
    var requests: [HTTPRequest] = []
  }

  private let state = Mutex(State())

  package init() {}

  package var requests: [HTTPRequest] { state.withLock(\.requests) }
  package var isExhausted: Bool { state.withLock { $0.planned.isEmpty } }

  package func plan(_ answer: @escaping @Sendable (HTTPRequest) async -> Answer) {
    state.withLock { $0.planned.append(.answer(answer)) }
  }

  package func plan(
    _ status: Int,
    _ body: String,
    headers: [(name: String, value: String)] = [],
    date: UnixTime? = nil
  ) {
    plan { _ in .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8), date: date)) }
  }

  package func plan(_ failure: HTTPFailure) { plan { _ in .failure(failure) } }

  /// An answer for `open` alone.
  package func planStream(_ answer: @escaping @Sendable (HTTPRequest) async -> Opening) {
    state.withLock { $0.planned.append(.stream(answer)) }
  }

  /// An answer for `open` alone, whose body the test gives when it likes.
  package func planStream(
    _ status: Int,
    headers: [(name: String, value: String)] = [(name: "content-type", value: "text/event-stream")],
    date: UnixTime? = nil,
    body: ScriptedBody
  ) {
    planStream { _ in .success(HTTPStreamedResponse(status: status, headers: headers, date: date, body: body)) }
  }

  package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    guard case .answer(let answer) = next(for: request) else { throw unplanned(request) }
    return try await answer(request).get()
  }

  /// What was planned as a whole answer comes with its body in one piece.
  package func open(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPStreamedResponse {
    switch next(for: request) {
    case .answer(let answer): HTTPStreamedResponse(whole: try await answer(request).get())
    case .stream(let open): try await open(request).get()
    case nil: throw unplanned(request)
    }
  }

  private func next(for request: HTTPRequest) -> Plan? {
    state.withLock { state in
      state.requests.append(request)
      return state.planned.isEmpty ? nil : state.planned.removeFirst()
    }
  }

  private func unplanned(_ request: HTTPRequest) -> HTTPFailure {
    .invalidRequest(found: "a request that the test did not plan: \(request.target)")
  }
}
