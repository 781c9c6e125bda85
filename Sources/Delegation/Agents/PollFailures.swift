/// When to ask again after polls that failed: 0.5 s, then × 2 up to 15 s, each ± 20 %, or as late as `Retry-After` says, up
/// to a minute.
///
/// What passes by itself is ridden out however often it fails: a pod that restarts, a network that is away, an identity
/// domain that gives no token just now. An answer that is none is borne a few times: whoever stands before a pod that
/// restarts gives such, and so does a wrong `fusionUrl`.
struct PollFailures {
  /// Why asking again may help.
  enum Prospect {
    case passes
    case mayPass
    case stays
  }

  static let maximumOfNoAnswers = 8

  private static let longest: Duration = .seconds(15)
  private static let longestWish: Duration = .seconds(60)

  private let random: any Randomness
  private var step: Duration = .milliseconds(500)
  private var noAnswers = 0
  /// Of polls in a row.
  private(set) var count = 0
  private(set) var last: Failure?

  init(random: any Randomness) { self.random = random }

  /// The pause before the next poll; nil when this failure is the answer.
  mutating func pause(after failure: Failure) -> Duration? {
    count += 1
    last = failure
    switch failure.prospect {
    case .passes: break
    case .mayPass:
      noAnswers += 1
      guard noAnswers <= Self.maximumOfNoAnswers else { return nil }
    case .stays: return nil
    }
    let pause = random.spread(step, byPercent: 20)
    step = min(step * 2, Self.longest)
    guard let milliseconds = failure.retryAfterMs else { return pause }
    return max(pause, min(.milliseconds(milliseconds), Self.longestWish))
  }

  /// A poll was answered.
  mutating func end() { self = PollFailures(random: random) }
}

extension Failure {
  var prospect: PollFailures.Prospect {
    switch self {
    case .network(let failure): failure.problem.prospect
    case .fusion(.refused(let refusal)):
      // 501 and 505 say what the server cannot do, and will not in a minute.
      refusal.passes && ![501, 505].contains(refusal.status) ? .passes : .stays
    case .token(let failure): failure.prospect
    case .store(.timedOut(writing: false), store: _): .passes
    case .audit(.lockTimedOut, path: _), .file(.lockTimedOut, path: _): .passes
    case .params, .profile, .policy, .store, .file, .key, .fusion, .audit, .duringRun, .startUnknown, .abandoned: .stays
    }
  }

  /// What the server asks for.
  var retryAfterMs: Int? {
    switch self {
    case .fusion(.refused(let refusal)): refusal.retryAfterMs
    case .token(.refused(let refusal)): refusal.retryAfterMs
    case .token(.heldBack(let held)): held.retryAfterMs
    case .token, .params, .profile, .policy, .store, .file, .key, .fusion, .network, .audit, .duringRun, .startUnknown,
      .abandoned:
      nil
    }
  }
}

extension NetworkFailure.Problem {
  fileprivate var prospect: PollFailures.Prospect {
    switch self {
    case .http(.unreachable), .http(.timedOut), .http(.broken): .passes
    case .malformed, .unexpectedRedirect: .mayPass
    case .http(.tlsFailed), .http(.responseTooLarge), .http(.invalidRequest), .http(.cancelled): .stays
    }
  }
}

extension TokenFailure {
  fileprivate var prospect: PollFailures.Prospect {
    switch self {
    case .refused(let refusal):
      switch refusal.kind {
      case .rateLimited, .clockSkew: .passes
      case .other: refusal.status >= 500 || refusal.status == 408 ? .passes : .stays
      case .invalidClient, .clientInactive, .invalidGrant, .invalidScope, .unauthorizedClient, .assertionRejected:
        .stays
      }
    case .heldBack: .passes
    case .wrongUser, .wrongScope, .withoutLife, .noClientSecret, .noneInMemory, .clockTooFar: .stays
    }
  }
}
