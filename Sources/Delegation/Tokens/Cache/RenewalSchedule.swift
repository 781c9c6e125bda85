/// When a token is renewed ahead of its end, and when again if that has failed.
struct RenewalSchedule: Sendable {
  /// How long a renewal may wait for its turn at the domain while nobody needs it.
  static let patience: Duration = .seconds(30)

  private static let base: Duration = .seconds(10)
  private static let longest: Duration = .seconds(60)
  /// What a domain may ask for.
  private static let longestRest: Duration = .seconds(300)

  private let random: any Randomness

  init(random: any Randomness) { self.random = random }

  /// Milliseconds of its life that a token has left when it is renewed: half of it ± 10 %, so that those fetched
  /// together are not renewed together.
  func margin(of token: AccessToken) -> Int64 {
    let half = Duration.milliseconds(token.lifeSeconds * 500)
    return Int64(random.spread(half, byPercent: 10).milliseconds)
  }

  /// 10 s, then twice as long each time up to 60 s, each ± 25 %; longer when the domain asks for it.
  func rest(after failures: Int, _ failure: Failure? = nil) -> Duration {
    let step = min(Self.base * (1 << min(max(failures - 1, 0), 8)), Self.longest)
    return max(random.spread(step, byPercent: 25), min(failure?.askedRest ?? .zero, Self.longestRest))
  }
}

extension Failure {
  /// `Retry-After` of the identity domain.
  fileprivate var askedRest: Duration? {
    if case .token(.refused(let refusal)) = self { refusal.retryAfterMs.map { .milliseconds($0) } } else { nil }
  }

  /// It says nothing against the user or the client, and may be over soon: a token that lives may be used meanwhile.
  var isOutage: Bool {
    switch self {
    case .network(let failure): failure.problem.passes
    case .token(.refused(let refusal)):
      switch refusal.kind {
      case .rateLimited, .clockSkew: true
      case .assertionRejected, .other: refusal.status >= 500
      case .invalidClient, .clientInactive, .invalidGrant, .invalidScope, .unauthorizedClient: false
      }
    case .token(.heldBack), .token(.clockTooFar): true
    case .token(.wrongUser), .token(.wrongScope), .token(.withoutLife), .token(.noClientSecret), .token(.noneInMemory):
      false
    case .params, .profile, .policy, .store, .file, .key, .fusion, .audit, .duringRun, .startUnknown, .abandoned: false
    }
  }

  /// The domain gives no token for this user or scope any more, so the one there is may be worth nothing.
  var refusesToken: Bool {
    guard case .token(.refused(let refusal)) = self else { return false }
    return switch refusal.kind {
    case .invalidGrant, .invalidScope, .unauthorizedClient: true
    case .invalidClient, .clientInactive, .assertionRejected, .clockSkew, .rateLimited, .other: false
    }
  }
}
