import CurlHTTP
import Delegation
import TestSupport
import Testing

/// How a body that is read while it comes may end before it is whole.
@Suite(.timeLimit(.minutes(1))) struct StreamEndTests {
  private static let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  private static let begun: [LoopbackHTTPServer.Step] = [.text(head + "5\r\nhello\r\n")]

  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))

  @Test(
    arguments: [
      ("a length", "Content-Length: 10\r\n\r\nhello", .close),
      ("a chunk", "Transfer-Encoding: chunked\r\n\r\n9\r\nhello", .close),
      ("between chunks", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .close),
      ("the last chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", .close),
    ] as [(String, String, LoopbackHTTPServer.Step)]
  )
  func whatIsCutIsBroken(what: String, answer: String, step: LoopbackHTTPServer.Step) async throws {
    try await withServer { _ in
      [.text("HTTP/1.1 200 OK\r\n\(answer)"), step]
    } use: { server in
      let response = try await client.open(get(server))
      let (text, failure) = await response.body.rest()
      #expect(text == "hello")
      guard case .broken(_, requestSent: true) = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(await response.body.rest() == ("", failure), "it is told again")
    }
  }

  @Test func aResetIsBroken() async throws {
    let isRead = Barrier(1)
    try await withServer { _ in
      Self.begun + [.wait { isRead.wait() }, .reset]
    } use: { server in
      let response = try await client.open(get(server))
      #expect(try await response.body.next() == Array("hello".utf8))
      isRead.arrive()
      let (text, failure) = await response.body.rest()
      #expect(text == "")
      guard case .broken(let found, requestSent: true) = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(found.contains("reset"))
    }
  }

  @Test(arguments: [[.close], [.reset], [.text("no HTTP\r\n"), .close]] as [[LoopbackHTTPServer.Step]])
  func withoutAHeadNothingIsOpened(steps: [LoopbackHTTPServer.Step]) async throws {
    try await withServer { _ in
      steps
    } use: { server in
      let failure = await #expect(throws: HTTPFailure.self) { _ = try await client.open(get(server)) }
      guard case .broken(_, requestSent: true) = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func nobodyListens() async throws {
    let server = try LoopbackHTTPServer { _ in [] }
    server.stop()
    let failure = await #expect(throws: HTTPFailure.self) { _ = try await client.open(get(server)) }
    guard case .unreachable = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  // MARK: Limits

  @Test(
    arguments: [
      [.text("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")],
      [.text("HTTP/1.1 200 OK\r\n\r\n"), .sendForever(Array("0123456789".utf8))],
    ] as [[LoopbackHTTPServer.Step]]
  )
  func aBodyAboveTheLimitIsCutOff(steps: [LoopbackHTTPServer.Step]) async throws {
    try await withServer { _ in
      steps
    } use: { server in
      var request = get(server)
      request.maximumResponseBytes = 1000
      // A length that is told ends it with the head or behind it.
      let (text, failure): (String, HTTPFailure?)
      do throws(HTTPFailure) {
        (text, failure) = try await client.open(request).body.rest()
      } catch {
        (text, failure) = ("", error)
      }
      #expect(text.utf8.count <= 1000)
      #expect(failure == .responseTooLarge(limit: 1000))
    }
  }

  @Test func theLimitHoldsForWhatWasRefusedMeanwhile() async throws {
    let (stalled, stall) = AsyncStream.makeStream(of: Int.self)
    let limit = 300 << 10
    try await withServer { _ in
      [.text("HTTP/1.1 200 OK\r\n\r\n"), .push(count: 64 << 20) { stall.yield($0) }]
    } use: { server in
      var request = get(server)
      request.maximumResponseBytes = limit
      let response = try await client.open(request)
      for await _ in stalled { break }
      let (text, failure) = await response.body.rest()
      #expect(text.utf8.count <= limit)
      #expect(failure == .responseTooLarge(limit: limit))
    }
  }

  @Test func aHeaderWithoutEndIsCutOff() async throws {
    try await withServer { _ in
      [.text("HTTP/1.1 200 OK\r\n"), .sendForever(Array("X-Name: value\r\n".utf8))]
    } use: { server in
      let failure = await #expect(throws: HTTPFailure.self) { _ = try await client.open(get(server)) }
      #expect(failure == .responseTooLarge(limit: 65_536))
    }
  }

  // MARK: Time

  @Test func silenceEndsItWhileSomebodyWaits() async throws {
    try await withServer { _ in
      Self.begun + [.waitForPeerToClose]
    } use: { server in
      var request = get(server)
      request.idleTimeout = .milliseconds(200)
      let response = try await client.open(request)
      let start = ContinuousClock.now
      let (text, failure) = await response.body.rest()
      #expect(text == "hello")
      #expect(failure == .timedOut(phase: .response, requestSent: true))
      #expect((.milliseconds(200) ..< .seconds(20)).contains(.now - start))
    }
  }

  @Test func theTimeInWhichNobodyAsksIsNoSilence() async throws {
    let silenceIsOver = Barrier(1)
    try await withServer { request in
      guard request.requestLine.contains("/patient") else { return Self.begun + [.waitForPeerToClose] }
      return Self.begun + [.wait { silenceIsOver.wait() }, .text("5\r\nthere\r\n0\r\n\r\n")]
    } use: { server in
      var request = get(server, "/patient")
      request.idleTimeout = .milliseconds(100)
      let patient = try await client.open(request)
      #expect(try await patient.body.next() == Array("hello".utf8))
      request.target = "/silent"
      request.idleTimeout = .milliseconds(500)
      #expect(try await client.open(request).body.rest().failure != nil)
      // Five times its own idle time has passed.
      silenceIsOver.arrive()
      #expect(await patient.body.rest() == ("there", nil))
    }
  }

  @Test func silenceBeforeTheHeadIsLeftToTheDeadline() async throws {
    let isLate = Barrier(1)
    try await withServer { request in
      guard request.requestLine.contains("/late") else { return Self.begun + [.waitForPeerToClose] }
      return [.wait { isLate.wait() }, .answer(body: "x")]
    } use: { server in
      var request = get(server, "/late")
      request.idleTimeout = .milliseconds(50)
      async let whole = client.open(request).body.text()
      var other = get(server)
      other.idleTimeout = .milliseconds(400)
      #expect(try await client.open(other).body.rest().failure != nil)
      isLate.arrive()
      let late = try await whole
      #expect(late == "x")
    }
  }

  @Test(arguments: [true, false]) func theDeadlineEndsIt(hasHead: Bool) async throws {
    try await withServer { _ in
      (hasHead ? Self.begun : []) + [.waitForPeerToClose]
    } use: { server in
      var request = get(server)
      request.deadline = .now + .milliseconds(300)
      let failure: HTTPFailure?
      do throws(HTTPFailure) { failure = try await client.open(request).body.rest().failure } catch { failure = error }
      #expect(failure == .timedOut(phase: .response, requestSent: true))
    }
  }

  @Test func theDeadlineEndsWhatNobodyReads() async throws {
    try await withServer { _ in
      [.text("HTTP/1.1 200 OK\r\n\r\n"), .push(count: 64 << 20) { _ in }]
    } use: { server in
      var request = get(server)
      request.deadline = .now + .seconds(2)
      request.maximumResponseBytes = 64 << 20
      let response = try await client.open(request)
      // That of another request ends after it.
      var other = get(Origin(scheme: .https, host: "127.0.0.1", port: server.port))
      other.deadline = request.deadline + .milliseconds(200)
      _ = try? await client.send(other)
      let (text, failure) = await response.body.rest()
      #expect(text.utf8.count <= 256 << 10)
      #expect(failure == .timedOut(phase: .response, requestSent: true))
    }
  }
}
