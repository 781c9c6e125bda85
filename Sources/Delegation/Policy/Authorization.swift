import Synchronization

/// Who may be acted for, with which profile: the first step of every call that acts for a user.
package final class Authorization: Sendable {
  package let profiles: ProfileBook
  package let policy: PolicyBook
  /// Told of every change of the rules that a call notices. Without new rules nothing is allowed any more.
  package typealias Observer = @Sendable (_ before: Rules, _ after: Rules?) -> Void

  private let commandLine: Policy?
  private let observer: Observer
  private let noticed = Mutex<Rules?>(nil)

  /// - Parameter commandLine: what this process was started for, when that is less than all.
  package init(
    profiles: ProfileBook,
    policy: PolicyBook,
    commandLine: Policy? = nil,
    observer: @escaping Observer = { _, _ in }
  ) {
    self.profiles = profiles
    self.policy = policy
    self.commandLine = commandLine
    self.observer = observer
  }

  /// Profiles and policy as their files are now: each is looked at once, and read when it has changed.
  package func rules(deadline: ContinuousClock.Instant) throws(Failure) -> Rules {
    do throws(Failure) {
      let rules = Rules(
        profiles: try profiles.current(deadline: deadline),
        policyFile: try policy.current(deadline: deadline),
        commandLine: commandLine
      )
      notice(rules)
      return rules
    } catch {
      notice(nil)
      throw error
    }
  }

  /// The rules of the last call when the files are still as they were then: no file is read.
  package var unchangedRules: Rules? {
    guard let profiles = profiles.unchanged, let policy = policy.unchanged else { return nil }
    let rules = Rules(profiles: profiles, policyFile: policy, commandLine: commandLine)
    return noticed.withLock { $0?.isSame(as: rules) } == true ? rules : nil
  }

  /// What the profiles of an identity domain say of its rate, as they were at the last call.
  func rateLimit(of identityDomainUrl: String) -> RateLimit {
    noticed.withLock(\.self)?.profiles.rateLimit(of: identityDomainUrl) ?? .standard
  }

  private func notice(_ rules: Rules?) {
    let before = noticed.withLock { noticed in
      let before = noticed
      noticed = rules
      return before
    }
    guard let before else { return }
    if let rules, rules.isSame(as: before) { return }
    observer(before, rules)
  }

  /// A profile, the layers that narrow it, and a user they let pass.
  package struct Permit: Sendable {
    package let profile: Profile
    package let layers: PolicyLayers
    package let grant: UserGrant
    /// What let the user pass.
    let rule: PolicyFailure.Rule?
    fileprivate let authorization: Authorization
  }

  package func permit(
    profile name: String?,
    subject: String?,
    userToken: String?,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> Permit {
    try permit(profile: name, subject: subject, userToken: userToken, under: rules(deadline: deadline))
  }

  /// - Parameter subject: exactly one of it and `userToken` must be there.
  package func permit(
    profile name: String?,
    subject: String?,
    userToken: String?,
    under rules: Rules
  ) throws(Failure) -> Permit {
    let (profile, layers) = try rules.layers(profile: name)
    let grant = try Self.grant(subject: subject, userToken: userToken, unicode: profile.unicodeSubjects ?? false)
    guard !grant.subject.matchesIgnoringASCIICase(profile.clientId.utf8) else {
      throw .policy(.subjectDenied(rule: .builtIn("a client acts for users, not for itself")))
    }
    do throws(PolicyFailure) {
      let rule = try layers.permit(subject: grant.subject)
      return Permit(profile: profile, layers: layers, grant: grant, rule: rule, authorization: self)
    } catch {
      throw .policy(error)
    }
  }

  /// The profile with its layers, for calls that name no user.
  package func layers(
    profile name: String?,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> (profile: Profile, layers: PolicyLayers) {
    try rules(deadline: deadline).layers(profile: name)
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
      throw .policy(.subjectDenied(rule: .builtIn("a user name \(error.text)")))
    }
  }
}

extension AuditFacts {
  /// What a call asks for, before policy has answered. Whom a user token names is what it says; nobody has verified it.
  package init(profile: String?, subject: String?, userToken: String?) {
    self.init(profile: profile, subject: subject ?? userToken.flatMap { JWT(decoding: $0)?.text("sub") })
    grant = userToken == nil ? .subject : .userToken
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

  /// The scope of a call: the one asked for, else the profile's for this path, if policy gives it.
  package func scope(_ asked: String?, for path: RequestPath? = nil) throws(Failure) -> String {
    let scope = asked ?? path.map(profile.scope) ?? profile.scope
    do throws(ParamsFailure) {
      try FieldRules.printable(scope, field: "scope", maximum: 1024, spaces: true)
    } catch {
      throw .params(error)
    }
    do { try layers.permit(scope: scope) } catch { throw .policy(error) }
    return scope
  }

  /// A request to the pod that policy lets pass.
  struct PassedRequest {
    let path: RequestPath
    let scope: String
    /// What let it pass, when any layer limits paths.
    let rule: PolicyFailure.Rule?
  }

  /// Asks policy for a request to the pod: whether its path is one, then its scope, then its method and path.
  func request(_ method: RequestMethod, _ text: String, scope asked: String?) throws(Failure) -> PassedRequest {
    let path: RequestPath
    do { path = try RequestPath(text, of: method) } catch { throw .policy(error) }
    let scope = try scope(asked, for: path)
    do {
      return PassedRequest(path: path, scope: scope, rule: try layers.permit(method, path))
    } catch {
      throw .policy(error)
    }
  }

  /// - Parameter invoking: whether a run may be started, or only looked at.
  package func permitAgent(_ agent: String, invoking: Bool) throws(Failure) {
    do { try layers.permit(agent: agent, invoking: invoking) } catch { throw .policy(error) }
  }

  package func permitRawCredentials() throws(Failure) {
    do { try layers.permitRawCredentials(profile: profile.name) } catch { throw .policy(error) }
  }
}

extension Profile {
  /// The scope of requests to this path: that of the longest prefix in `apiScopes` that it is at or below, else its own.
  fileprivate func scope(for path: RequestPath) -> String {
    let fitting = (apiScopes ?? []).filter { path.isAt(orBelow: $0.pathPrefix) }
    return fitting.max { $0.pathPrefix.utf8.count < $1.pathPrefix.utf8.count }?.scope ?? scope
  }
}
