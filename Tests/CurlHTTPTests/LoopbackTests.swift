import CurlHTTP
import Delegation
import Synchronization
import TestSupport
import Testing

private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))

/// A deadline no test is meant to reach.
private func soon() -> ContinuousClock.Instant { .now + .seconds(60) }

private func withServer<Result>(
  _ script: @escaping LoopbackHTTPServer.Script,
  use: (LoopbackHTTPServer) async throws -> Result
) async throws -> Result {
  let server = try LoopbackHTTPServer(script)
  defer { server.stop() }
  return try await use(server)
}

private func get(_ server: LoopbackHTTPServer, _ target: String = "/") -> HTTPRequest {
  HTTPRequest(method: .get, origin: server.origin, target: target, deadline: soon())
}

@Suite struct Wire {
  @Test func whatIsSentIsWhatWasGiven() async throws {
    let target = "/a/../b//%2e%2E/c?x=%41&y=[1]"
    try await withServer { _ in [.answer()] } use: { server in
      var request = get(server, target)
      request.method = .post
      request.body = Array("grant=é".utf8)
      request.headers = [("Authorization", "Bearer t"), ("X-Empty", ""), ("Content-Type", "text/plain")]
      #expect(try await client.send(request).status == 200)
      let seen = try #require(server.requests.first)
      #expect(seen.requestLine == "POST \(target) HTTP/1.1")
      #expect(seen.body == Array("grant=é".utf8))
      #expect(
        seen.headerLines.sorted() == [
          "Accept: */*", "Authorization: Bearer t", "Content-Length: 8", "Content-Type: text/plain",
          "Host: 127.0.0.1:\(server.port)", "User-Agent: onbehalf/0.0.0", "X-Empty:",
        ]
      )
    }
  }

  @Test func aLargeBodyIsSentWithoutAskingFirst() async throws {
    let body = [UInt8](repeating: 0x61, count: 3 << 20)
    try await withServer { _ in [.answer("204 No Content")] } use: { server in
      var request = get(server)
      request.method = .post
      request.body = body
      #expect(try await client.send(request).status == 204)
      #expect(server.requests.first?.body == body)
      #expect(server.requests.first?.head.contains("Expect") == false)
      #expect(server.requests.first?.head.contains("Content-Type") == false)
    }
  }

  @Test func anEmptyPostSaysItsLength() async throws {
    try await withServer { _ in [.answer()] } use: { server in
      var request = get(server)
      request.method = .post
      _ = try await client.send(request)
      #expect(server.requests.first?.headerLines.contains("Content-Length: 0") == true)
    }
  }

  @Test func theAnswerKeepsItsHeadersInOrder() async throws {
    let headers = ["B: 1", "a: two words", "b: 3", "Date: Sun, 06 Nov 1994 08:49:37 GMT"]
    try await withServer { _ in [.answer("429 Too Many", headers: headers, body: "later")] } use: { server in
      let response = try await client.send(get(server))
      #expect(response.status == 429)
      #expect(response.headers.map { "\($0.name)=\($0.value)" }.prefix(3) == ["b=1", "a=two words", "b=3"])
      #expect(response.date == UnixTime(seconds: 784_111_777))
      #expect(response.body == Array("later".utf8))
    }
  }

  @Test(arguments: [
    ("", nil), ("Date: yesterday\r\n", nil), ("Date: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 784_111_777),
    ("Date: Sun Nov  6 08:49:37 1994\r\n", 784_111_777),
  ] as [(String, Int64?)])
  func datesOfEveryFormAreRead(line: String, seconds: Int64?) async throws {
    try await withServer { _ in [.text("HTTP/1.1 200 OK\r\n\(line)Content-Length: 0\r\n\r\n")] } use: { server in
      #expect(try await client.send(get(server)).date == seconds.map(UnixTime.init(seconds:)))
    }
  }

  @Test func chunksDrippedByteByByteAreOneBody() async throws {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: t\r\n\r\n"
    try await withServer { _ in [.drip(Array(answer.utf8))] } use: { server in
      let response = try await client.send(get(server))
      #expect(response.body == Array("hello!".utf8))
      #expect(response.headers.map(\.name) == ["transfer-encoding"])
    }
  }

  @Test func interimAnswersAreNotTheAnswer() async throws {
    let answer = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 0\r\n\r\n"
    try await withServer { _ in [.text(answer)] } use: { server in
      let response = try await client.send(get(server))
      #expect(response.status == 200)
      #expect(response.headers.map(\.name) == ["a", "content-length"])
    }
  }

  @Test func redirectsAndCookiesAreOnlyReported() async throws {
    let headers = ["Location: http://127.0.0.1:1/elsewhere", "Set-Cookie: id=1"]
    try await withServer { _ in [.answer("302 Found", headers: headers)] } use: { server in
      #expect(try await client.send(get(server)).status == 302)
      #expect(try await client.send(get(server)).header("location") == "http://127.0.0.1:1/elsewhere")
      #expect(server.requests.count == 2)
      #expect(server.requests.allSatisfy { !$0.head.lowercased().contains("cookie") })
    }
  }

  @Test func compressionIsNeitherAskedForNorUndone() async throws {
    try await withServer { _ in [.answer(headers: ["Content-Encoding: gzip"], body: "raw")] } use: { server in
      #expect(try await client.send(get(server)).body == Array("raw".utf8))
      #expect(server.requests.first?.head.lowercased().contains("accept-encoding") == false)
    }
  }
}

@Suite struct Connections {
  @Test func aConnectionIsUsedAgain() async throws {
    try await withServer { _ in [.answer(body: "x")] } use: { server in
      for _ in 0..<50 { _ = try await client.send(get(server)) }
      #expect(server.acceptedConnections == 1)
    }
  }

  @Test func localhostIsLoopback() async throws {
    try await withServer { _ in [.answer()] } use: { server in
      var request = get(server)
      request.origin = Origin(scheme: .http, host: "localhost", port: server.port)
      #expect(try await client.send(request).status == 200)
      #expect(server.requests.first?.headerLines.contains("Host: localhost:\(server.port)") == true)
    }
  }

  @Test func aRequestIsNotSentAgainWhenItsKeptConnectionDies() async throws {
    try await withServer { $0.index == 0 ? [.answer()] : [.close] } use: { server in
      _ = try await client.send(get(server))
      var request = get(server)
      request.method = .post
      let failure = await #expect(throws: HTTPFailure.self) { try await client.send(request) }
      guard case .broken(_, requestSent: true) = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(server.requests.count == 2)
    }
  }

  @Test func twoThousandTransfersAreUnderWayAtOnce() async throws {
    let count = 2000
    let everybodyIsHere = Barrier(count)
    try await withServer { _ in [.wait { everybodyIsHere.arriveAndWait() }, .answer(body: "x")] } use: { server in
      let request = get(server)
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<count { group.addTask { try await client.send(request).status } }
        return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
      #expect(statuses == [200: count])
      #expect(server.acceptedConnections == count)
    }
  }
}
