package import JSON

/// What policy says to a call that nobody makes.
package struct Explanation: Sendable {
  package struct Question: Sendable {
    package var profile: String?
    package var subject: String?
    package var userToken: String?
    package var scope: String?
    package var agent: String?
    package var path: (method: RequestMethod, text: String)?

    package init(profile: String?, subject: String?, userToken: String?) {
      self.profile = profile
      self.subject = subject
      self.userToken = userToken
    }
  }

  /// What the call would be refused with; nil when it is allowed.
  package let refusal: PolicyFailure?
  /// What refused; where all is allowed, what allowed the last that was asked and is limited by any layer: the path,
  /// the agent, the scope, the user.
  package let rule: PolicyFailure.Rule
  /// Whether `getToken` and `mintAssertion` would hand out credentials.
  package let givesRawCredentials: Bool
  /// The claims of the user assertion that last; nil when none would be signed.
  package let assertionClaims: JSONValue?
}

extension Authorization {
  /// Asks what a call would ask, in its order, by the same functions. Nothing is signed, nothing is sent, and no store
  /// is opened: whether the key is there and bound to this client shows at signing.
  ///
  /// - Throws: only what makes the question itself unanswerable: no such profile, a file that cannot be read, a
  ///   malformed parameter. A refusal is an answer.
  package func explain(
    _ question: Explanation.Question,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> Explanation {
    do throws(Failure) {
      let permit = try permit(
        profile: question.profile,
        subject: question.subject,
        userToken: question.userToken,
        deadline: deadline
      )
      let rule = try decisiveRule(for: question, permit)
      return Explanation(
        refusal: nil,
        rule: rule ?? .builtIn("nothing limits it"),
        givesRawCredentials: !permit.layers.withholdsCredentials,
        assertionClaims: permit.assertionClaims
      )
    } catch .policy(let refusal) {
      return Explanation(refusal: refusal, rule: refusal.rule, givesRawCredentials: false, assertionClaims: nil)
    }
  }

  private func decisiveRule(
    for question: Explanation.Question,
    _ permit: Permit
  ) throws(Failure) -> PolicyFailure.Rule? {
    var rule = permit.rule
    // A request to a path may have a scope of its own.
    if question.scope != nil || question.agent != nil || question.path == nil {
      let scope = try permit.scope(question.scope)
      if question.scope != nil {
        rule = try asking { () throws(PolicyFailure) in try permit.layers.permit(scope: scope) } ?? rule
      }
    }
    if let agent = question.agent {
      rule = try asking { () throws(PolicyFailure) in try permit.layers.permit(agent: agent, invoking: true) } ?? rule
    }
    guard let (method, text) = question.path else { return rule }
    return try permit.request(method, text, scope: question.scope).rule ?? rule
  }

  private func asking<Value>(_ question: () throws(PolicyFailure) -> Value) throws(Failure) -> Value {
    do { return try question() } catch { throw .policy(error) }
  }
}

extension Authorization.Permit {
  fileprivate var assertionClaims: JSONValue? {
    guard case .subject(let subject) = grant, profile.key != nil else { return nil }
    return .object(AssertionClaims.lasting(profile: profile, subject: subject))
  }
}
