import Delegation
import Metrics
import TestSupport
import Testing

struct TrafficTests {
  private let http = ScriptedHTTP()
  private let clock = ManualClock()
  private let traffic: Traffic
  private static let domain = Origin(scheme: .https, host: "idcs-1.identity.oraclecloud.com", port: 443)

  init() { traffic = Traffic(over: http, clock: clock) }

  /// Sends one request that takes so long.
  private func send(
    to origin: Origin = Self.domain,
    _ outcome: Result<Int, HTTPFailure>,
    taking duration: Duration = .zero
  ) async {
    http.plan { [clock] _ in
      clock.advance(by: duration)
      return outcome.map { HTTPResponse(status: $0, headers: [], body: [], date: nil) }
    }
    let request = HTTPRequest(method: .get, origin: origin, target: "/", deadline: clock.now)
    let answer: Result<Int, HTTPFailure>
    do throws(HTTPFailure) { answer = .success(try await traffic.send(request).status) } catch {
      answer = .failure(error)
    }
    #expect(answer == outcome)
  }

  @Test func everyAnswerIsCountedByItsStatus() async throws {
    for status in [200, 200, 401, 429] { await send(.success(status)) }
    let server = try #require(traffic.snapshot[Self.domain])
    #expect(server.answers == [200: 2, 401: 1, 429: 1])
    #expect(server.failures == [:])
  }

  @Test(
    arguments: [
      (.unreachable(found: ""), .unreachable),
      (.tlsFailed(found: ""), .tlsFailed),
      (.timedOut(phase: .connect, requestSent: false), .timedOut),
      (.broken(found: "", requestSent: true), .broken),
      (.responseTooLarge(limit: 1), .tooLarge),
      (.invalidRequest(found: ""), .notSent),
      (.cancelled(requestSent: true), .cancelled),
    ] as [(HTTPFailure, ServerTraffic.Failure)]
  )
  func everyFailureIsCounted(failure: HTTPFailure, counted: ServerTraffic.Failure) async throws {
    await send(.failure(failure), taking: .milliseconds(3))
    let server = try #require(traffic.snapshot[Self.domain])
    #expect(server.failures == [counted: 1])
    #expect(server.latency.sum == .milliseconds(3))
  }

  @Test func theTimeIsThatOfTheAttempt() async throws {
    for milliseconds in [10, 20, 40] { await send(.success(200), taking: .milliseconds(milliseconds)) }
    clock.advance(by: .seconds(1))
    let latency = try #require(traffic.snapshot[Self.domain]).latency
    #expect(latency.sum == .milliseconds(70))
    #expect(latency.maximum == .milliseconds(40))
  }

  @Test func whatIsUnderWayIsSeen() async throws {
    http.plan { [traffic] _ in
      #expect(traffic.snapshot[Self.domain]?.inFlight == 1)
      return .failure(.unreachable(found: ""))
    }
    _ = try? await traffic.send(HTTPRequest(method: .get, origin: Self.domain, target: "/", deadline: clock.now))
    #expect(traffic.snapshot[Self.domain]?.inFlight == 0)
  }

  @Test func aStreamIsCountedWhenItsBodyHasEnded() async throws {
    let body = ScriptedBody()
    let streamed = try await open(body)
    body.give("data")
    #expect(try await streamed.next() == Array("data".utf8))
    #expect(traffic.snapshot[Self.domain]?.inFlight == 1)
    clock.advance(by: .seconds(60))
    body.end()
    #expect(try await streamed.next() == nil)
    let server = try #require(traffic.snapshot[Self.domain])
    #expect(server.inFlight == 0)
    #expect(server.answers == [200: 1])
    #expect(server.latency.sum == .milliseconds(3), "to the head")
  }

  @Test func aStreamThatBreaksIsAFailure() async throws {
    let body = ScriptedBody()
    let streamed = try await open(body)
    body.fail(.broken(found: "cut", requestSent: true))
    for _ in 0..<2 {
      await #expect(throws: HTTPFailure.broken(found: "cut", requestSent: true)) { try await streamed.next() }
    }
    let server = try #require(traffic.snapshot[Self.domain])
    #expect(server.inFlight == 0)
    #expect(server.answers == [:])
    #expect(server.failures == [.broken: 1])
  }

  @Test(arguments: [true, false]) func aStreamThatIsLeftIsAnAnswer(isClosed: Bool) async throws {
    let body = ScriptedBody()
    if isClosed {
      let streamed = try await open(body)
      for _ in 0..<2 { streamed.close() }
      #expect(body.isClosed)
      await #expect(throws: HTTPFailure.cancelled(requestSent: true)) { try await streamed.next() }
    } else {
      _ = try await open(body)
    }
    let server = try #require(traffic.snapshot[Self.domain])
    #expect(server.inFlight == 0)
    #expect(server.answers == [200: 1])
    #expect(server.failures == [:])
  }

  @Test func aStreamThatIsNotOpenedIsAFailure() async throws {
    http.plan(.unreachable(found: ""))
    let request = HTTPRequest(method: .get, origin: Self.domain, target: "/", deadline: clock.now)
    await #expect(throws: HTTPFailure.unreachable(found: "")) { _ = try await traffic.open(request) }
    let server = try #require(traffic.snapshot[Self.domain])
    #expect(server.inFlight == 0)
    #expect(server.failures == [.unreachable: 1])
  }

  /// Opens a stream whose head takes 3 ms.
  private func open(_ body: ScriptedBody) async throws(HTTPFailure) -> any HTTPBody {
    http.planStream { [clock] _ in
      clock.advance(by: .milliseconds(3))
      return .success(HTTPStreamedResponse(status: 200, headers: [], date: nil, body: body))
    }
    let request = HTTPRequest(method: .get, origin: Self.domain, target: "/", deadline: clock.now)
    return try await traffic.open(request).body
  }

  @Test func serversAreToldApartUpToABound() async throws {
    for number in 0...Traffic.maximumServers {
      await send(to: Origin(scheme: .https, host: "pod\(number)", port: 443), .success(200))
    }
    await send(to: Origin(scheme: .https, host: "pod0", port: 443), .success(200))
    #expect(traffic.snapshot.count == Traffic.maximumServers)
    #expect(traffic.snapshot[Origin(scheme: .https, host: "pod0", port: 443)]?.answers == [200: 2])
  }
}
