/// Whether a failure is worth another attempt, and when. What comes of it decides the next: three attempts in all.
struct RetrySchedule: Sendable {
  static let maximumAttempts = 3

  private static let base: Duration = .milliseconds(400)
  private static let longest: Duration = .seconds(5)

  private let random: any Randomness

  init(random: any Randomness) { self.random = random }

  /// The pause before the next attempt at the token endpoint; nil when this failure is the answer.
  ///
  /// A refusal is the answer: asking the same again changes nothing.
  ///
  /// - Parameter attempts: how many have been made.
  func pause(after attempts: Int, _ failure: Failure) -> Duration? {
    guard attempts < Self.maximumAttempts else { return nil }
    switch failure {
    case .network(let failure): return failure.problem.passes ? backoff(after: attempts) : nil
    case .token(.refused(let refusal)):
      let passes = refusal.kind == .rateLimited || refusal.kind == .other && refusal.status >= 500
      guard passes else { return nil }
      return refusal.retryAfterMs.map { .milliseconds($0) } ?? backoff(after: attempts)
    case .token(.wrongUser), .token(.wrongScope), .token(.withoutLife), .token(.noClientSecret), .token(.clockTooFar),
      .token(.heldBack), .token(.noneInMemory):
      return nil
    case .params, .profile, .policy, .store, .file, .key, .fusion, .audit, .duringRun, .startUnknown, .abandoned:
      return nil
    }
  }

  /// 0.4 s, then twice as long each time up to 5 s, each ± 25 %: those who failed together do not come back together.
  func backoff(after attempts: Int) -> Duration {
    random.spread(min(Self.base * (1 << min(attempts - 1, 8)), Self.longest), byPercent: 25)
  }
}

extension NetworkFailure.Problem {
  /// Whether the next attempt may go better.
  var passes: Bool {
    switch self {
    case .http(.unreachable), .http(.timedOut), .http(.broken): true
    case .http(.tlsFailed), .http(.responseTooLarge), .http(.invalidRequest), .http(.cancelled): false
    case .unexpectedRedirect, .malformed: false
    }
  }
}
