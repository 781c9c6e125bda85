import JSON
import TestSupport
import Testing

@testable import Delegation

/// What is attempted again, when, and with what.
struct RetryTests {
  private static func network(_ problem: HTTPFailure) -> Failure {
    .network(NetworkFailure(.identityDomain, server: "https://a.example", problem: .http(problem)))
  }

  private static func refused(_ kind: TokenFailure.Refusal.Kind, _ status: Int, retryAfterMs: Int? = nil) -> Failure {
    var refusal = TokenFailure.Refusal(kind: kind, status: status, clientAuthentication: .clientAssertion)
    refusal.retryAfterMs = retryAfterMs
    return .token(.refused(refusal))
  }

  private let schedule = RetrySchedule(random: CountingRandomness())

  @Test(arguments: [
    network(.unreachable(found: "")), network(.timedOut(phase: .connect, requestSent: false)),
    network(.broken(found: "", requestSent: true)), refused(.other, 503), refused(.rateLimited, 429),
  ])
  func whatPassesIsAttemptedThreeTimes(_ failure: Failure) throws {
    let first = try #require(schedule.pause(after: 1, failure))
    let second = try #require(schedule.pause(after: 2, failure))
    #expect((.milliseconds(299)...Duration.milliseconds(501)).contains(first))
    #expect((.milliseconds(599)...Duration.milliseconds(1001)).contains(second))
    #expect(schedule.pause(after: 3, failure) == nil)
  }

  @Test(arguments: [
    network(.tlsFailed(found: "")), network(.responseTooLarge(limit: 1)), network(.cancelled(requestSent: true)),
    refused(.other, 400), refused(.invalidClient, 401), refused(.invalidGrant, 400), refused(.assertionRejected, 500),
    refused(.clockSkew, 400), .token(.wrongUser(found: "")), .policy(.locked), .abandoned,
  ])
  func aRefusalIsTheAnswer(_ failure: Failure) { #expect(schedule.pause(after: 1, failure) == nil) }

  @Test func theDomainSaysWhen() {
    let failure = Self.refused(.other, 503, retryAfterMs: 7000)
    #expect(schedule.pause(after: 1, failure) == .seconds(7))
  }

  @Test func theBackoffIsCapped() { #expect(schedule.backoff(after: 1000) <= .milliseconds(6250)) }

  // MARK: Through the exchange

  private func exchange(_ bench: Bench, _ flight: Flight) -> Task<Result<AccessToken, Failure>, Never> {
    Task {
      do throws(Failure) {
        let subject: Subject
        let profile: Profile
        do { (subject, profile) = (try Subject("curtis.feitty", unicode: false), try Samples.profile()) } catch {
          throw .abandoned
        }
        return .success(
          try await bench.tokens.exchange.exchange(.subject(subject), scope: profile.scope, profile: profile, flight) {}
        )
      } catch {
        return .failure(error)
      }
    }
  }

  // Two sleep on the clock while an exchange pauses: it, and the one who looks for idle keys.

  private func flight(_ bench: Bench, _ seconds: Int) -> Flight {
    Flight(deadline: bench.clock.now + .seconds(seconds))
  }

  @Test func everyAttemptHasAssertionsOfItsOwn() async throws {
    let bench = try await Bench()
    bench.http.plan(503, "")
    bench.http.plan(.broken(found: "reset", requestSent: true))
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    let task = exchange(bench, flight(bench, 30))
    for _ in 0..<2 {
      await bench.clock.sleepers(atLeast: 2)
      bench.clock.advance(by: .milliseconds(1001))
    }
    #expect(try await task.value.get().subject == "curtis.feitty")
    let identifiers = bench.http.requests.flatMap { request in
      String(decoding: request.body ?? [], as: UTF8.self).split(separator: "&")
        .filter { $0.hasPrefix("assertion=") || $0.hasPrefix("client_assertion=") }
        .compactMap { JWT(decoding: String($0.split(separator: "=", maxSplits: 1)[1]))?.text("jti") }
    }
    #expect(identifiers.count == 6)
    #expect(Set(identifiers).count == 6)
  }

  @Test func aDomainThatIsDownIsToldWithinTwoSeconds() async throws {
    let bench = try await Bench()
    let start = bench.clock.now
    for _ in 0..<3 { bench.http.plan(.unreachable(found: "refused")) }
    let task = exchange(bench, flight(bench, 30))
    for _ in 0..<2 {
      await bench.clock.sleepers(atLeast: 2)
      bench.clock.advance(by: .milliseconds(750))
      // The second pause may be longer than that.
      if bench.http.requests.count == 2 { bench.clock.advance(by: .milliseconds(250)) }
    }
    await expectUnreachable(task)
    #expect(bench.http.isExhausted)
    #expect(bench.clock.now - start < .seconds(2))
  }

  /// Else the caller would learn that time is over, and not why.
  @Test func isNotAttemptedAgainWithoutTimeForIt() async throws {
    let bench = try await Bench()
    let clock = bench.clock
    bench.http.plan { _ in
      clock.advance(by: .seconds(10))
      return .failure(.unreachable(found: "no route"))
    }
    await expectUnreachable(exchange(bench, flight(bench, 20)))
    #expect(bench.http.isExhausted)
  }

  @Test func a429IsWaitedForWithinTheDeadlineAndElseTold() async throws {
    let bench = try await Bench()
    let headers = [(name: "retry-after", value: "8")]
    bench.http.plan(429, "", headers: headers)
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    let patient = exchange(bench, flight(bench, 30))
    await bench.clock.sleepers(atLeast: 2)
    bench.clock.advance(by: .seconds(8))
    #expect(try await patient.value.get().subject == "curtis.feitty")
    bench.http.plan(429, "", headers: headers)
    guard case .failure(.token(.refused(let refusal))) = await exchange(bench, flight(bench, 7)).value else {
      Issue.record("the 429 was not told")
      return
    }
    #expect(refusal.retryAfterMs == 8000)
  }

  @Test func aPersonWhoTriesIsToldHowItWent() async throws {
    let bench = try await Bench()
    bench.http.plan(503, "")
    let profile = try Samples.profile()
    await #expect(throws: Failure.self) {
      try await bench.tokens.exchange.tryClient(profile, deadline: bench.clock.now + .seconds(30))
    }
    #expect(bench.http.requests.count == 1)
  }

  /// One that asks for a week is not asked again at once.
  @Test(
    arguments: [
      ("0", 0), ("8", 8000), ("86400", 86_400_000), ("86401", 86_400_000), ("99999999999999999999999", 86_400_000),
      ("", nil), ("-1", nil), ("+1", nil), ("1.5", nil), ("Fri, 31 Dec 1999 23:59:59 GMT", nil),
    ] as [(String, Int?)]
  )
  func whatADomainAsksForIsBounded(_ text: String, milliseconds: Int?) {
    let response = HTTPResponse(status: 429, headers: [("retry-after", text)], body: [], date: nil)
    #expect(RetryAfter.milliseconds(response) == milliseconds)
  }

  private func expectUnreachable(_ task: Task<Result<AccessToken, Failure>, Never>) async {
    if case .failure(.network(let failure)) = await task.value, case .http(.unreachable) = failure.problem { return }
    Issue.record("it was not told that the domain is unreachable")
  }
}
