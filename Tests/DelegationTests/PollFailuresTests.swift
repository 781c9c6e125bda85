import TestSupport
import Testing

@testable import Delegation

/// After which failures a run is asked for again, and when.
struct PollFailuresTests {
  private static func refusal(_ status: Int, retryAfterMs: Int? = nil) -> Failure {
    var refusal = FusionFailure.Refusal(kind: .other, status: status, what: "job 17")
    refusal.retryAfterMs = retryAfterMs
    return .fusion(.refused(refusal))
  }

  private static func network(
    _ problem: NetworkFailure.Problem,
    _ party: NetworkFailure.Party = .pod
  ) -> Failure {
    .network(NetworkFailure(party, server: "https://pod", problem: problem))
  }

  private static func token(_ kind: TokenFailure.Refusal.Kind, _ status: Int) -> Failure {
    .token(.refused(TokenFailure.Refusal(kind: kind, status: status, clientAuthentication: .clientAssertion)))
  }

  private static let passing: [Failure] =
    [408, 429, 500, 502, 503, 504, 520].map { refusal($0) }
    + [NetworkFailure.Party.pod, .identityDomain].flatMap { party in
      [
        network(.http(.unreachable(found: "refused")), party),
        network(.http(.broken(found: "reset", requestSent: true)), party),
        network(.http(.timedOut(phase: .response, requestSent: true)), party),
      ]
    }
    + [token(.rateLimited, 429), token(.other, 503), token(.other, 408), token(.clockSkew, 400)]
    + [
      .token(
        .heldBack(.init(queued: 1, limit: RateLimit(perSecond: 1, perMinute: 1), retryAfterMs: 1, isPaused: false))
      ),
      .store(.timedOut(writing: false), store: "secret-service"), .audit(.lockTimedOut(path: "/state"), path: "/state"),
    ]

  private static let staying: [Failure] =
    [400, 401, 403, 404, 409, 501, 505].map { refusal($0) }
    + [
      network(.http(.tlsFailed(found: "certificate has expired"))), network(.http(.responseTooLarge(limit: 1))),
      network(.http(.invalidRequest(found: "a control character"))), token(.invalidGrant, 400),
      token(.invalidClient, 401), token(.assertionRejected, 500), token(.other, 403),
      .token(.wrongUser(found: "a token whose sub is somebody else")),
      .token(.clockTooFar(offsetMs: 4_000_000, retryAfterMs: 1)), .policy(.locked),
      .store(.locked(found: "the keyring login"), store: "secret-service"), .key(.notFound(alias: "payables")),
      .abandoned,
    ]

  @Test(arguments: passing) func whatPassesByItselfIsRiddenOutHoweverOften(_ failure: Failure) {
    var failures = PollFailures(random: CountingRandomness())
    for _ in 0..<1000 { #expect(failures.pause(after: failure) != nil) }
    #expect(failures.count == 1000)
    #expect(failures.last == failure)
  }

  @Test(arguments: staying) func whatStaysIsToldAtOnce(_ failure: Failure) {
    var failures = PollFailures(random: CountingRandomness())
    #expect(failures.pause(after: failure) == nil)
  }

  @Test(
    arguments: [
      network(.malformed(found: "an answer that is not a JSON object")), network(.unexpectedRedirect(status: 302)),
      network(.malformed(found: "an answer that is not a JSON object"), .identityDomain),
    ]
  )
  func anAnswerThatIsNoneIsBorneAFewTimes(_ failure: Failure) {
    var failures = PollFailures(random: CountingRandomness())
    for _ in 0..<PollFailures.maximumOfNoAnswers {
      #expect(failures.pause(after: failure) != nil)
      #expect(failures.pause(after: Self.refusal(503)) != nil, "what passes does not count")
    }
    #expect(failures.pause(after: failure) == nil)
    failures.end()
    #expect(failures.pause(after: failure) != nil, "counted anew once a poll was answered")
    #expect(failures.count == 1)
  }

  @Test func thePausesGrow() {
    var failures = PollFailures(random: CountingRandomness())
    let pauses = (0..<10).map { _ in failures.pause(after: Self.refusal(503)) ?? .zero }
    let expected = [0.5, 1, 2, 4, 8, 15, 15, 15, 15, 15]
    for (pause, seconds) in zip(pauses, expected) {
      #expect(Duration.seconds(seconds * 0.8)...Duration.seconds(seconds * 1.2) ~= pause)
    }
    #expect(pauses.reduce(.zero, +) > .seconds(60), "a minute costs less than ten requests")
  }

  /// A server may ask for more time, and not for all of it.
  @Test(arguments: [(0, 0...1), (30_000, 30...30), (60_000, 60...60), (86_400_000, 60...60), (Int.max, 60...60)])
  func whatAServerAsksForIsHeededUpToAMinute(_ milliseconds: Int, _ seconds: ClosedRange<Int>) {
    var failures = PollFailures(random: CountingRandomness())
    let pause = failures.pause(after: Self.refusal(429, retryAfterMs: milliseconds)) ?? .seconds(-1)
    #expect(Duration.seconds(seconds.lowerBound)...Duration.seconds(seconds.upperBound) ~= pause)
  }
}
