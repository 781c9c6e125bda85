import CurlHTTP
import Delegation
import TestSupport
import Testing

/// An answer is read while it comes.
@Suite(.timeLimit(.minutes(2))) struct StreamTests {
  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))

  @Test func theHeadComesBeforeTheBodyAndEachPieceWhenItIsSent() async throws {
    let gates = (0..<3).map { _ in Barrier(1) }
    try await withServer { _ in
      [
        .text("HTTP/1.1 202 Accepted\r\nA: 1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 6\r\n\r\n"),
        .wait { gates[0].wait() }, .text("one"), .wait { gates[1].wait() }, .text("two"),
      ]
    } use: { server in
      let response = try await client.open(get(server))
      #expect(response.status == 202)
      #expect(response.header("a") == "1")
      #expect(response.date == UnixTime(seconds: 784_111_777))
      gates[0].arrive()
      #expect(try await response.body.next() == Array("one".utf8))
      gates[1].arrive()
      #expect(try await response.body.next() == Array("two".utf8))
      #expect(try await response.body.next() == nil)
      #expect(try await response.body.next() == nil)
    }
  }

  @Test(
    arguments: [
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nX-Trailer: t\r\n\r\n",
      "Content-Length: 6\r\n\r\nhello!",
      "Connection: close\r\n\r\nhello!",
    ],
    [true, false]
  )
  func aBodyIsTheSameHoweverItIsFramedAndCut(answer: String, isDripped: Bool) async throws {
    let bytes = Array("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\(answer)".utf8)
    try await withServer { _ in
      [isDripped ? .drip(bytes) : .send(bytes), .close]
    } use: { server in
      let response = try await client.open(get(server))
      #expect(response.status == 200)
      #expect(response.headers.count == 1, "neither those of interim answers nor trailers")
      #expect(try await response.body.text() == "hello!")
    }
  }

  @Test(
    arguments: [(.get, "204 No Content"), (.head, "200 OK"), (.get, "304 Not Modified")] as [(RequestMethod, String)]
  )
  func anAnswerMayHaveNoBody(method: RequestMethod, status: String) async throws {
    try await withServer { _ in
      [.text("HTTP/1.1 \(status)\r\n\r\n")]
    } use: { server in
      var request = get(server)
      request.method = method
      let response = try await client.open(request)
      #expect(try await response.body.next() == nil)
    }
  }

  @Test func redirectsAreOnlyReported() async throws {
    try await withServer { _ in
      [.answer("302 Found", headers: ["Location: http://127.0.0.1:1/elsewhere"])]
    } use: { server in
      let response = try await client.open(get(server))
      #expect(response.status == 302)
      #expect(try await response.body.next() == nil)
      #expect(server.requests.count == 1)
    }
  }

  /// A kept connection may have died, and what a stream asks for must not be sent again.
  @Test func aStreamHasAConnectionOfItsOwn() async throws {
    try await withServer { _ in
      [.answer(body: "x")]
    } use: { server in
      _ = try await client.send(get(server))
      for _ in 0..<2 { #expect(try await client.open(get(server)).body.text() == "x") }
      _ = try await client.send(get(server))
      #expect(server.requests.map(\.connection) == [0, 1, 2, 0])
    }
  }

  @Test(.timeLimit(.minutes(5))) func whoDoesNotReadHoldsTheServerUp() async throws {
    let whole = 64 << 20
    let (stalled, stall) = AsyncStream.makeStream(of: Int.self)
    try await withServer { _ in
      [
        .text("HTTP/1.1 200 OK\r\nContent-Length: \(whole)\r\n\r\n"),
        .push(count: whole) { stall.yield($0) },
      ]
    } use: { server in
      var request = get(server)
      request.maximumResponseBytes = whole
      let response = try await client.open(request)
      for await pushed in stalled {
        // All but 256 KiB of it lies in the buffers of the two sockets.
        #expect(pushed < whole / 4)
        break
      }
      var count = 0
      while let bytes = try await response.body.next() {
        try #require(bytes == LoopbackHTTPServer.counting(from: count, count: bytes.count))
        #expect(bytes.count <= 256 << 10)
        count += bytes.count
      }
      #expect(count == whole)
    }
  }

  @Test func aThousandStreamsAreReadAtOnce() async throws {
    let count = 1000
    let everybodyIsHere = Barrier(count)
    try await withServer { _ in
      [
        .text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .wait { everybodyIsHere.arriveAndWait() },
        .drip(Array("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n".utf8)),
      ]
    } use: { server in
      let request = get(server)
      let texts = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<count { group.addTask { try await client.open(request).body.text() } }
        return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
      #expect(texts == ["onetwo": count])
      #expect(server.acceptedConnections == count)
    }
  }

  @Test func theServerIsVerified() async throws {
    let authority = try TestAuthority()
    let server = try TLSServer(try authority.issue(names: "DNS:localhost"))
    defer { server.stop() }
    var request = get(Origin(scheme: .https, host: "localhost", port: server.port))
    let failure = await #expect(throws: HTTPFailure.self) { _ = try await client.open(request) }
    guard case .tlsFailed = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    request.caFile = authority.certificatePath
    let response = try await client.open(request)
    #expect(response.status == 200)
    #expect(try await response.body.text().contains("TLSv1."))
  }
}
