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

  @Test func serversAreToldApartUpToABound() async throws {
    for number in 0...Traffic.maximumServers {
      await send(to: Origin(scheme: .https, host: "pod\(number)", port: 443), .success(200))
    }
    await send(to: Origin(scheme: .https, host: "pod0", port: 443), .success(200))
    #expect(traffic.snapshot.count == Traffic.maximumServers)
    #expect(traffic.snapshot[Origin(scheme: .https, host: "pod0", port: 443)]?.answers == [200: 2])
  }
}
