/// The layers that narrow one call (invariant 6): each must allow it.
///
/// Evaluated on every call, cache hits included, before anything is signed or sent. Each question has one answer, for
/// enforcement and for `explain`: the refusal that is thrown names its rule, and what is returned is the rule of the
/// innermost layer that speaks to the question, or nil where none does.
package struct PolicyLayers: Sendable {
  private let layers: [PolicyLayer]

  package init(policyFile: Policy?, profile: Profile) {
    let fileLayer = policyFile.map { PolicyLayer(name: "policy file", policy: $0, ownScope: nil) }
    let own = PolicyLayer(name: "profile \(profile.name)", policy: profile.policy, ownScope: profile.scope)
    layers = [fileLayer, own].compactMap(\.self)
  }

  @discardableResult
  package func permit(subject: Subject) throws(PolicyFailure) -> PolicyFailure.Rule? {
    try ask({ $0.verdict(on: subject) }, else: PolicyFailure.subjectDenied)
  }

  @discardableResult
  package func permit(scope: String) throws(PolicyFailure) -> PolicyFailure.Rule? {
    try ask({ $0.verdict(onScope: scope) }, else: { .scopeDenied(scope: scope, rule: $0) })
  }

  /// - Parameter invoking: an agent that runs may write; looking at a run of it only reads.
  @discardableResult
  package func permit(agent: String, invoking: Bool) throws(PolicyFailure) -> PolicyFailure.Rule? {
    try ask({ $0.verdict(onAgent: agent, invoking: invoking) }, else: { .agentDenied(agent: agent, rule: $0) })
  }

  @discardableResult
  package func permit(_ method: RequestMethod, _ path: RequestPath) throws(PolicyFailure) -> PolicyFailure.Rule? {
    let asked = "\(method.rawValue) \(String(decoding: path.bytes, as: UTF8.self))"
    guard !path.isSealed else {
      throw .pathDenied(path: asked, rule: .builtIn("authz and credentials of the orchestrator are always closed"))
    }
    let rule = try ask({ $0.verdict(on: method, path) }, else: { .pathDenied(path: asked, rule: $0) })
    guard rule != nil || !path.isOrchestrator else {
      throw .pathDenied(path: asked, rule: .builtIn("the orchestrator is closed unless a rule of paths begins there"))
    }
    return rule
  }

  /// A caller who is held to some agents or paths must not get a token that opens all of them.
  @discardableResult
  package func permitRawCredentials(profile: String) throws(PolicyFailure) -> PolicyFailure.Rule? {
    try ask(\.verdictOnRawCredentials, else: { .rawCredentialsDenied(profile: profile, rule: $0) })
  }

  var withholdsCredentials: Bool { layers.contains { $0.policy.withholdsCredentials } }

  /// The first claim that a caller may not add, or nil. A policy file without `extraClaims` leaves it to the profile.
  package func firstForbiddenClaim(_ names: [String]) -> String? {
    names.first { name in AssertionClaims.reserved.contains(name) || layers.contains { $0.forbids(claim: name) } }
  }

  private func ask(
    _ question: (PolicyLayer) -> PolicyLayer.Verdict,
    else refusal: (PolicyFailure.Rule) -> PolicyFailure
  ) throws(PolicyFailure) -> PolicyFailure.Rule? {
    var decisive: PolicyFailure.Rule?
    for layer in layers {
      switch question(layer) {
      case .denies(let clause): throw refusal(PolicyFailure.Rule(layer: layer.name, clause))
      case .allows(let clause): decisive = PolicyFailure.Rule(layer: layer.name, clause)
      case .saysNothing: break
      }
    }
    return decisive
  }
}
