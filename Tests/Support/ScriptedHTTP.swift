package import Delegation
import Synchronization

/// An HTTP client that answers what a test planned, in order, and refuses everything else.
package final class ScriptedHTTP: HTTPClient {
  package typealias Answer = Result<HTTPResponse, HTTPFailure>

  private struct State {
    var planned: [@Sendable (HTTPRequest) async -> Answer] = []
    var requests: [HTTPRequest] = []
  }

  private let state = Mutex(State())

  package init() {}

  package var requests: [HTTPRequest] { state.withLock(\.requests) }
  package var isExhausted: Bool { state.withLock { $0.planned.isEmpty } }

  package func plan(_ answer: @escaping @Sendable (HTTPRequest) async -> Answer) {
    state.withLock { $0.planned.append(answer) }
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

  package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let answer = state.withLock { state in
      state.requests.append(request)
      return state.planned.isEmpty ? nil : state.planned.removeFirst()
    }
    guard let answer else { throw .invalidRequest(found: "a request that the test did not plan: \(request.target)") }
    return try await answer(request).get()
  }
}
