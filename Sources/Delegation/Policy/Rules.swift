/// All profiles and the policy file as they are at one moment: what one call is judged by.
package struct Rules: Sendable {
  let profiles: ProfileSet
  let policyFile: PolicyBook.Content
  /// Fixed when the process was started.
  var commandLine: Policy?

  /// A profile with the layers that narrow it.
  func layers(profile name: String?) throws(Failure) -> (profile: Profile, layers: PolicyLayers) {
    let profile = try profiles.profile(name)
    let layers = PolicyLayers(
      commandLine: commandLine,
      policyFile: policyFile.policy,
      saved: try profiles.beneath(profile),
      profile: profile
    )
    // Else whoever may give a profile would have tokens brought to a server of their own.
    if profiles.leadsElsewhere(profile) { try layers.permitOtherOrigin(of: profile) }
    return (profile, layers)
  }

  func isSame(as other: Rules) -> Bool {
    profiles.stamp == other.profiles.stamp && policyFile.stamp == other.policyFile.stamp
  }

  /// Whether a token that came under earlier rules may be kept: its profile is as it was, and what the token was for is
  /// allowed. Where credentials are withheld now and were not then, it may have been handed out, and is dropped too.
  func allow(_ token: TokenCache.Key, since earlier: Rules) -> Bool {
    do throws(Failure) {
      let (before, layersBefore) = try earlier.layers(profile: token.profile)
      let (profile, layers) = try layers(profile: token.profile)
      guard profile == before else { return false }
      do throws(PolicyFailure) {
        try layers.permit(subject: Subject(checked: token.subject))
        try layers.permit(scope: token.scope)
        return !layers.withholdsCredentials || layersBefore.withholdsCredentials
      } catch { return false }
    } catch { return false }
  }
}
