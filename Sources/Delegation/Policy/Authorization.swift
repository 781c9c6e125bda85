/// Who may be acted for, with which profile: the first step of every call that acts for a user.
package struct Authorization: Sendable {
  package let profiles: ProfileBook
  package let policy: PolicyBook

  package init(profiles: ProfileBook, policy: PolicyBook) {
    self.profiles = profiles
    self.policy = policy
  }

  /// Whether profiles and policy are known as their files are now, so that asking reads no file.
  package var isCurrent: Bool { profiles.isCurrent && policy.isCurrent }

  /// A profile, the layers that narrow it, and a user they let pass.
  package struct Permit: Sendable {
    package let profile: Profile
    package let layers: PolicyLayers
    package let grant: UserGrant
    fileprivate let authorization: Authorization
  }

  /// - Parameter subject: exactly one of it and `userToken` must be there.
  package func permit(
    profile name: String?,
    subject: String?,
    userToken: String?,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> Permit {
    let (profile, layers) = try layers(profile: name, deadline: deadline)
    let grant = try Self.grant(subject: subject, userToken: userToken, unicode: profile.unicodeSubjects ?? false)
    guard !grant.subject.matchesIgnoringASCIICase(profile.clientId.utf8) else {
      throw .policy(
        .subjectDenied(rule: PolicyFailure.Rule(layer: "OnBehalf", text: "a client acts for users, not for itself"))
      )
    }
    do { try layers.permit(subject: grant.subject) } catch { throw .policy(error) }
    return Permit(profile: profile, layers: layers, grant: grant, authorization: self)
  }

  /// The profile with its layers, for calls that name no user.
  package func layers(
    profile name: String?,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> (profile: Profile, layers: PolicyLayers) {
    let profile = try profiles.profile(name, deadline: deadline)
    let policyFile: Policy?
    do { policyFile = try policy.current(deadline: deadline) } catch { throw .policy(error) }
    // Else whoever may give a profile would have tokens brought to a server of their own.
    if policyFile?.withholdsCredentials == true, try profiles.leadsElsewhere(profile, deadline: deadline) {
      throw .policy(.originDenied(profile: profile.name, origin: profile.fusionUrl))
    }
    return (profile, PolicyLayers(policyFile: policyFile, profile: profile))
  }

  private static func grant(subject: String?, userToken: String?, unicode: Bool) throws(Failure) -> UserGrant {
    switch (subject, userToken) {
    case (let subject?, nil): return .subject(try user(subject, unicode: unicode))
    case (nil, let token?):
      // Not verified here: the identity domain does that. What it names must be allowed all the same.
      guard let named = JWT(decoding: token)?.text("sub") else {
        throw .params(
          ParamsFailure("userToken", "must be an ID token (a JWT with a sub) of the profile's identity domain")
        )
      }
      return .userToken(token, try user(named, unicode: unicode))
    case (nil, nil): throw .params(ParamsFailure("subject", "is needed (or userToken, the user's own ID token)"))
    case (_?, _?): throw .params(ParamsFailure("userToken", "must not stand beside subject; send one of them"))
    }
  }

  /// What is no user name is denied, not malformed: a rule decides who may be acted for, and this is the first.
  private static func user(_ text: String, unicode: Bool) throws(Failure) -> Subject {
    do { return try Subject(text, unicode: unicode) } catch {
      throw .policy(.subjectDenied(rule: PolicyFailure.Rule(layer: "OnBehalf", text: "a user name \(error.text)")))
    }
  }
}

extension Authorization.Permit {
  /// The same question once more, for work that goes on while profiles and policy may change.
  func renewed(deadline: ContinuousClock.Instant) throws(Failure) -> Self {
    let name = profile.name
    return switch grant {
    case .subject(let subject):
      try authorization.permit(profile: name, subject: subject.text, userToken: nil, deadline: deadline)
    case .userToken(let token, _):
      try authorization.permit(profile: name, subject: nil, userToken: token, deadline: deadline)
    }
  }

  /// The scope of a call: the one asked for, else the profile's, if policy gives it.
  package func scope(_ asked: String?) throws(Failure) -> String {
    let scope = asked ?? profile.scope
    do throws(ParamsFailure) {
      try FieldRules.printable(scope, field: "scope", maximum: 1024, spaces: true)
    } catch {
      throw .params(error)
    }
    do { try layers.permit(scope: scope) } catch { throw .policy(error) }
    return scope
  }

  package func permitRawCredentials() throws(Failure) {
    do { try layers.permitRawCredentials(profile: profile.name) } catch { throw .policy(error) }
  }
}
