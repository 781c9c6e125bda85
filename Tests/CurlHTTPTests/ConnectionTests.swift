import CurlHTTP
import Delegation
import TestSupport
import Testing

@Suite struct ConnectionTests {
  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))

  @Test func aConnectionIsUsedAgain() async throws {
    try await withServer { _ in
      [.answer(body: "x")]
    } use: { server in
      for _ in 0..<50 { _ = try await client.send(get(server)) }
      #expect(server.acceptedConnections == 1)
    }
  }

  @Test func anIdleConnectionIsClosed() async throws {
    var configuration = CurlHTTPClient.Configuration(userAgent: "onbehalf/0.0.0")
    configuration.idleTime = .zero
    let client = CurlHTTPClient(configuration)
    let (closed, close) = AsyncStream.makeStream(of: Void.self)
    try await withServer { _ in
      [.answer(), .waitForPeerToClose, .wait { close.yield() }]
    } use: { server in
      for _ in 0..<2 {
        _ = try await client.send(get(server))
        for await _ in closed { break }
      }
      #expect(server.acceptedConnections == 2)
    }
  }

  @Test func localhostIsLoopback() async throws {
    try await withServer { _ in
      [.answer()]
    } use: { server in
      var request = get(server)
      request.origin = Origin(scheme: .http, host: "localhost", port: server.port)
      let response = try await client.send(request)
      #expect(response.status == 200)
      #expect(server.requests.first?.headerLines.contains("Host: localhost:\(server.port)") == true)
    }
  }

  @Test func aRequestIsNotSentAgainWhenItsKeptConnectionDies() async throws {
    try await withServer {
      $0.index == 0 ? [.answer()] : [.close]
    } use: { server in
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
    try await withServer { _ in
      [.wait { everybodyIsHere.arriveAndWait() }, .answer(body: "x")]
    } use: { server in
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
