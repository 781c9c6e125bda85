import CurlHTTP
import Delegation
import TestSupport
import Testing

/// Whoever leaves takes the transfer along: its connection is closed and nobody goes on waiting.
@Suite(.timeLimit(.minutes(1))) struct StreamClosingTests {
  private static let begun: [LoopbackHTTPServer.Step] = [.text("HTTP/1.1 200 OK\r\n\r\nhello")]

  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))
  private let reached: AsyncStream<Void>
  private let reach: AsyncStream<Void>.Continuation
  private let closed: AsyncStream<Void>
  private let close: AsyncStream<Void>.Continuation

  init() {
    (reached, reach) = AsyncStream.makeStream(of: Void.self)
    (closed, close) = AsyncStream.makeStream(of: Void.self)
  }

  /// A server that says so much, and tells when the client has closed the connection.
  private func withListener(
    _ steps: [LoopbackHTTPServer.Step] = begun,
    use: (LoopbackHTTPServer) async throws -> Void
  ) async throws {
    try await withServer { [reach, close] _ in
      steps + [.wait { reach.yield() }, .waitForPeerToClose, .wait { close.yield() }]
    } use: { server in
      try await use(server)
      for await _ in closed { break }
    }
  }

  /// Runs the work in a task that is cancelled when the server has come so far.
  private func cancelled(_ work: @escaping @Sendable () async throws(HTTPFailure) -> Void) async -> HTTPFailure? {
    let task = Task { () -> HTTPFailure? in
      do throws(HTTPFailure) { try await work() } catch { return error }
      return nil
    }
    for await _ in reached { break }
    task.cancel()
    return await task.value
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-"]) func cancelledBeforeTheHead(said: String) async throws {
    try await withListener([.text(said)]) { server in
      let (client, request) = (client, get(server))
      let failure = await cancelled { () throws(HTTPFailure) in _ = try await client.open(request) }
      #expect(failure == .cancelled(requestSent: true))
    }
  }

  @Test func cancelledBeforeItBegins() async throws {
    try await withServer { _ in
      [.answer()]
    } use: { server in
      let (client, request) = (client, get(server))
      let call = Task { () -> HTTPFailure? in
        withUnsafeCurrentTask { $0?.cancel() }
        do throws(HTTPFailure) { _ = try await client.open(request) } catch { return error }
        return nil
      }
      #expect(await call.value == .cancelled(requestSent: false))
    }
  }

  @Test func cancelledWhileItWaitsForBytes() async throws {
    try await withListener { server in
      let response = try await client.open(get(server))
      let failure = await cancelled { () throws(HTTPFailure) in
        while try await response.body.next() != nil {}
      }
      #expect(failure == .cancelled(requestSent: true))
      #expect(await response.body.rest() == ("", .cancelled(requestSent: true)))
    }
  }

  @Test func cancelledBeforeItAsks() async throws {
    try await withListener { server in
      let body = try await client.open(get(server)).body
      let call = Task { () -> HTTPFailure? in
        withUnsafeCurrentTask { $0?.cancel() }
        do throws(HTTPFailure) { _ = try await body.next() } catch { return error }
        return nil
      }
      #expect(await call.value == .cancelled(requestSent: true))
    }
  }

  @Test func closedByItsReader() async throws {
    try await withListener { server in
      let response = try await client.open(get(server))
      #expect(try await response.body.next() == Array("hello".utf8))
      for _ in 0..<2 { response.body.close() }
      #expect(await response.body.rest() == ("", .cancelled(requestSent: true)))
    }
  }

  @Test func closedWhileItsReaderWaits() async throws {
    try await withListener { server in
      let body = try await client.open(get(server)).body
      #expect(try await body.next() == Array("hello".utf8))
      let reading = Task { await body.rest().failure }
      body.close()
      #expect(await reading.value == .cancelled(requestSent: true))
    }
  }

  @Test func closedWhileNobodyReads() async throws {
    let (stalled, stall) = AsyncStream.makeStream(of: Int.self)
    try await withServer { [close] _ in
      [.text("HTTP/1.1 200 OK\r\n\r\n"), .push(count: 1 << 30) { stall.yield($0) }, .wait { close.yield() }]
    } use: { server in
      var request = get(server)
      request.maximumResponseBytes = 1 << 30
      let response = try await client.open(request)
      for await _ in stalled { break }
      response.body.close()
      #expect(await response.body.rest() == ("", .cancelled(requestSent: true)))
      for await _ in closed { break }
    }
  }

  @Test func droppedByItsReader() async throws {
    try await withListener { server in
      let status = try await client.open(get(server)).status
      #expect(status == 200)
    }
  }

  @Test func readToItsEndItIsKeptByNobody() async throws {
    try await withServer { [close] request in
      [.answer(body: "x"), .waitForPeerToClose, .wait { close.yield() }]
    } use: { server in
      let response = try await client.open(get(server))
      #expect(try await response.body.text() == "x")
      for await _ in closed { break }
    }
  }

  @Test func theEndOfTheClientEndsIt() async throws {
    try await withListener { server in
      var own: CurlHTTPClient? = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))
      let body = try #require(try await own?.open(get(server)).body)
      #expect(try await body.next() == Array("hello".utf8))
      let reading = Task { await body.rest().failure }
      own = nil
      #expect(await reading.value == .cancelled(requestSent: true))
    }
  }
}
