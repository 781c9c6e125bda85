import CurlHTTP
import Delegation
import TestSupport
import Testing

/// Answers that are none, and requests that get none.
@Suite struct FailureTests {
  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let steps: [LoopbackHTTPServer.Step]
    /// Part of the text.
    let found: String
  }

  @Test(arguments: [
    Case(testDescription: "closed", steps: [.close], found: "Empty reply"),
    Case(testDescription: "reset", steps: [.reset], found: "reset"),
    Case(
      testDescription: "truncated",
      steps: [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsecret"), .close],
      found: "4 bytes remaining"
    ),
    Case(
      testDescription: "truncated chunks",
      steps: [.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n"), .close],
      found: "outstanding read data"
    ),
    Case(testDescription: "not HTTP", steps: [.text("secret, not HTTP\r\n"), .close], found: "HTTP/0.9"),
    Case(
      testDescription: "bad length",
      steps: [.text("HTTP/1.1 200 OK\r\nContent-Length: secret\r\n\r\n"), .close],
      found: "Content-Length"
    ),
  ])
  func aBrokenAnswerIsToldWithoutItsContent(_ row: Case) async throws {
    try await withServer { _ in
      row.steps
    } use: { server in
      let failure = await #expect(throws: HTTPFailure.self) { try await client.send(get(server)) }
      guard case .broken(let found, requestSent: true) = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(found.contains(row.found))
      #expect(!found.contains("secret"))
    }
  }

  /// Nothing was said against the certificate, and nothing was sent: the next attempt may go better.
  @Test(arguments: [[LoopbackHTTPServer.Step.close], [.reset], [.send([0x16, 0x03, 0x03, 0x00]), .close]])
  func aHandshakeThatIsCutIsNoRefusal(_ steps: [LoopbackHTTPServer.Step]) async throws {
    try await withServer { _ in
      [.text("HTTP/1.1 200 Connection established\r\n\r\n")] + steps
    } use: { server in
      var request = get(Origin(scheme: .https, host: "pod.example", port: 443))
      request.proxy = server.origin.text
      let failure = await #expect(throws: HTTPFailure.self) { try await client.send(request) }
      guard case .unreachable = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
    }
  }

  @Test(
    arguments: [
      ("a length above the limit", [.text("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")], 1000),
      ("a body without end", [.text("HTTP/1.1 200 OK\r\n\r\n"), .sendForever(Array("0123456789".utf8))], 1000),
      ("a header without end", [.text("HTTP/1.1 200 OK\r\n"), .sendForever(Array("X-Name: value\r\n".utf8))], 65_536),
      ("interim answers without end", [.sendForever(Array("HTTP/1.1 103 Early Hints\r\n\r\n".utf8))], 65_536),
    ] as [(String, [LoopbackHTTPServer.Step], Int)]
  )
  func whatIsTooLargeIsCutOff(name: String, steps: [LoopbackHTTPServer.Step], limit: Int) async throws {
    try await withServer { _ in
      steps
    } use: { server in
      var request = get(server)
      request.maximumResponseBytes = 1000
      await #expect(throws: HTTPFailure.responseTooLarge(limit: limit)) { try await client.send(request) }
    }
  }

  @Test func aBodyOfExactlyTheLimitIsTaken() async throws {
    try await withServer { _ in
      [.answer(body: String(repeating: "x", count: 1000))]
    } use: { server in
      var request = get(server)
      request.maximumResponseBytes = 1000
      let response = try await client.send(request)
      #expect(response.body.count == 1000)
    }
  }

  @Test func aHundredHeadersAreTaken() async throws {
    try await withServer { _ in
      [.answer(headers: (0..<100).map { "H\($0): v" })]
    } use: { server in
      let response = try await client.send(get(server))
      #expect(response.headers.count == 101)
    }
  }

  @Test func nobodyListens() async throws {
    let server = try LoopbackHTTPServer { _ in [] }
    server.stop()
    let failure = await #expect(throws: HTTPFailure.self) { try await client.send(get(server)) }
    guard case .unreachable(let found) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(found.contains("connect"))
  }

  // MARK: Deadlines

  @Test func silenceEndsAtTheDeadline() async throws {
    try await withServer { _ in
      [.waitForPeerToClose]
    } use: { server in
      var request = get(server)
      request.deadline = .now + .milliseconds(200)
      await #expect(throws: HTTPFailure.timedOut(phase: .response, requestSent: true)) {
        try await client.send(request)
      }
      #expect(.now - request.deadline < .seconds(5))
    }
  }

  @Test func aSilentHandshakeEndsAtTheConnectTimeout() async throws {
    try await withServer { _ in
      []
    } use: { server in
      var request = get(Origin(scheme: .https, host: "127.0.0.1", port: server.port))
      request.connectTimeout = .milliseconds(200)
      await #expect(throws: HTTPFailure.timedOut(phase: .connect, requestSent: false)) {
        try await client.send(request)
      }
    }
  }

  @Test func aDeadlineInThePastSendsNothing() async throws {
    try await withServer { _ in
      [.answer()]
    } use: { server in
      var request = get(server)
      request.deadline = .now
      await #expect(throws: HTTPFailure.timedOut(phase: .resolve, requestSent: false)) {
        try await client.send(request)
      }
      #expect(server.acceptedConnections == 0)
    }
  }
}
