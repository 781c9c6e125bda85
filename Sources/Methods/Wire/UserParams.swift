import Delegation
import JSONRPC

/// The params of every call that acts for a user: a profile, and exactly one of a subject and the user's own token.
protocol UserParams {
  var profile: String? { get }
  var subject: String? { get }
  var userToken: String? { get }
}

extension UserParams {
  func permit(
    _ services: Services,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> Authorization.Permit {
    try services.domain.authorization.permit(
      profile: profile,
      subject: subject,
      userToken: userToken,
      deadline: deadline
    )
  }

  /// The same under rules that are known already.
  func permit(_ services: Services, under rules: Rules) throws(Failure) -> Authorization.Permit {
    try services.domain.authorization.permit(profile: profile, subject: subject, userToken: userToken, under: rules)
  }
}
