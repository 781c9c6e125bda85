import CurlHTTP
import Delegation
import TestSupport
import Testing

/// A cancelled call ends at once, says whether the request may have left, and closes its connection.
@Suite struct CancellationTests {
  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))
  /// Yields when a server has reached the point of a test.
  private let reached: AsyncStream<Void>
  private let reach: AsyncStream<Void>.Continuation

  init() { (reached, reach) = AsyncStream.makeStream(of: Void.self) }

  private func cancel(_ request: HTTPRequest) async -> Result<HTTPResponse, HTTPFailure> {
    let client = client
    let call = Task { () -> Result<HTTPResponse, HTTPFailure> in
      do throws(HTTPFailure) { return .success(try await client.send(request)) } catch { return .failure(error) }
    }
    for await _ in reached { break }
    call.cancel()
    return await call.value
  }

  private func isCancelled(_ result: Result<HTTPResponse, HTTPFailure>, requestSent: Bool) -> Bool {
    guard case .failure(.cancelled(requestSent)) = result else { return false }
    return true
  }

  @Test func beforeItBegins() async throws {
    try await withServer { _ in
      [.answer()]
    } use: { server in
      let (client, request) = (client, get(server))
      let call = Task { () -> HTTPFailure? in
        withUnsafeCurrentTask { $0?.cancel() }
        do throws(HTTPFailure) { _ = try await client.send(request) } catch { return error }
        return nil
      }
      #expect(await call.value == .cancelled(requestSent: false))
    }
  }

  @Test func whileConnecting() async throws {
    try await withServer(accepted: { [reach] in reach.yield() }) { _ in
      []
    } use: { server in
      let result = await cancel(get(Origin(scheme: .https, host: "127.0.0.1", port: server.port)))
      #expect(isCancelled(result, requestSent: false))
    }
  }

  @Test(
    arguments: [
      [], [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")],
    ] as [[LoopbackHTTPServer.Step]]
  )
  func whileItWaitsForTheAnswer(_ begun: [LoopbackHTTPServer.Step]) async throws {
    let (closed, close) = AsyncStream.makeStream(of: Void.self)
    try await withServer { [reach] _ in
      begun + [.wait { reach.yield() }, .waitForPeerToClose, .wait { close.yield() }]
    } use: { server in
      #expect(isCancelled(await cancel(get(server)), requestSent: true))
      for await _ in closed { break }
    }
  }

  @Test func othersGoOn() async throws {
    let bothReady = Barrier(2)
    try await withServer { [reach] request in
      guard request.requestLine.contains("/slow") else {
        return [.wait { bothReady.arriveAndWait() }, .answer(body: "x")]
      }
      return [.wait { reach.yield() }, .waitForPeerToClose]
    } use: { server in
      async let other = client.send(get(server, "/other"))
      #expect(isCancelled(await cancel(get(server, "/slow")), requestSent: true))
      bothReady.arrive()
      let status = try await other.status
      #expect(status == 200)
    }
  }
}
