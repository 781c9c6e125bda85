/// The step `try`.
extension KeyRotation {
  /// Gets a token with the successor, as the profile will after `finish`, and throws it away. Nothing is switched.
  ///
  /// - Parameter subject: nil tries the client alone.
  package func attempt(
    _ alias: String,
    profile: String?,
    subject: String?,
    for caller: any Caller
  ) async throws(Failure) -> Pair {
    let next = try await rotation(of: alias, deadline: caller.deadline).next
    guard next.stage != .current else {
      throw .key(.rotation(.isFinished(successor: next.alias), alias: alias))
    }
    // Opened anew: the ring may hold a key that had this alias before.
    let pair = try await open(alias, next.alias, deadline: caller.deadline)
    do throws(Failure) {
      if let subject {
        try await attempt(pair, profile: profile, subject: subject, deadline: caller.deadline)
      } else {
        try await attemptClient(pair, profile: profile, deadline: caller.deadline)
      }
    } catch .token(.refused(let refusal)) {
      throw .key(.successorRefused(successor: next.alias, refusal))
    }
    return pair
  }

  private func attempt(
    _ pair: Pair,
    profile name: String?,
    subject: String,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) {
    let permit = try authorization.permit(profile: name, subject: subject, userToken: nil, deadline: deadline)
    let trial = try Self.trial(of: permit.profile, with: pair)
    _ = try await exchange.exchange(permit.grant, scope: permit.scope(nil), profile: trial, deadline: deadline)
  }

  private func attemptClient(
    _ pair: Pair,
    profile name: String?,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) {
    let (profile, layers) = try authorization.layers(profile: name, deadline: deadline)
    let trial = try Self.trial(of: profile, with: pair)
    guard profile.clientAuthentication == .clientAssertion else {
      let problem = "is needed: \(profile.name) has a client secret, so the key signs for users only"
      throw .params(ParamsFailure("subject", problem))
    }
    do throws(PolicyFailure) { try layers.permit(scope: profile.scope) } catch { throw .policy(error) }
    try await exchange.tryClient(trial, deadline: deadline)
  }

  /// The profile as it will be after `finish`.
  private static func trial(of profile: Profile, with pair: Pair) throws(Failure) -> Profile {
    let (alias, next) = (pair.key.item.alias, pair.next?.item.alias)
    guard profile.key == alias || profile.key == next else {
      throw .params(ParamsFailure("profile", "must be one that names the key \(alias); \(profile.name) does not"))
    }
    var trial = profile
    trial.key = next
    trial.kid = nil
    return trial
  }
}
