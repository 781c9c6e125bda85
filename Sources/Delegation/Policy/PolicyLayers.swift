/// The layers that narrow one call (invariant 6): each must allow it.
///
/// Evaluated on every call, cache hits included, before anything is signed or sent. Each question has one answer, for
/// enforcement and for `explain`: the refusal that is thrown names its rule, and what is returned is the rule of the
/// innermost layer that speaks to the question, or nil where none does.
package struct PolicyLayers: Sendable {
  /// Outermost first; the profile's own is the last.
  private let layers: [PolicyLayer]
  /// Which of them are saved profiles that a given one is held to.
  private let saved: Range<Int>

  /// - Parameters:
  ///   - commandLine: what this process was started for, when that is less than all.
  ///   - saved: what a profile given at `initialize` is held to.
  package init(commandLine: Policy? = nil, policyFile: Policy?, saved: [Profile] = [], profile: Profile) {
    let outer = [commandLine.map(PolicyLayer.init(commandLine:)), policyFile.map(PolicyLayer.init(policyFile:))]
      .compactMap(\.self)
    layers = outer + (saved + [profile]).map(PolicyLayer.init)
    self.saved = outer.count..<(outer.count + saved.count)
  }

  @discardableResult
  package func permit(subject: Subject) throws(PolicyFailure) -> PolicyFailure.Rule? {
    try ask(layers, { $0.verdict(on: subject) }, else: PolicyFailure.subjectDenied)
  }

  /// Of saved profiles that a given one is held to, one that gives the scope is enough: each has its own.
  @discardableResult
  package func permit(scope: String) throws(PolicyFailure) -> PolicyFailure.Rule? {
    var asked = layers
    let givers = layers[saved].filter { !$0.verdict(onScope: scope).isDenial }
    if !givers.isEmpty { asked.replaceSubrange(saved, with: givers) }
    return try ask(asked, { $0.verdict(onScope: scope) }, else: { .scopeDenied(scope: scope, rule: $0) })
  }

  /// - Parameter invoking: an agent that runs may write; looking at a run of it only reads.
  @discardableResult
  package func permit(agent: String, invoking: Bool) throws(PolicyFailure) -> PolicyFailure.Rule? {
    try ask(layers, { $0.verdict(onAgent: agent, invoking: invoking) }, else: { .agentDenied(agent: agent, rule: $0) })
  }

  @discardableResult
  package func permit(_ method: RequestMethod, _ path: RequestPath) throws(PolicyFailure) -> PolicyFailure.Rule? {
    let asked = path.text(of: method)
    guard !path.isSealed else {
      throw .pathDenied(path: asked, rule: .builtIn("authz and credentials of the orchestrator are always closed"))
    }
    return try ask(layers, { $0.verdict(on: method, path) }, else: { .pathDenied(path: asked, rule: $0) })
  }

  /// A request whose body is a batch of others.
  func permitBatch(_ method: RequestMethod, _ path: RequestPath) throws(PolicyFailure) {
    _ = try ask(layers, \.verdictOnBatch, else: { .pathDenied(path: path.text(of: method), rule: $0) })
  }

  /// A caller who is held to some agents or paths must not get a token that opens all of them.
  @discardableResult
  package func permitRawCredentials(profile: String) throws(PolicyFailure) -> PolicyFailure.Rule? {
    try ask(layers, \.verdictOnRawCredentials, else: { .rawCredentialsDenied(profile: profile, rule: $0) })
  }

  /// What the profile's own rules cannot lift: credentials that an outer layer withholds go only where saved ones go.
  func permitOtherOrigin(of profile: Profile) throws(Failure) {
    for layer in layers.dropLast() {
      guard case .denies(let clause) = layer.verdictOnRawCredentials else { continue }
      let rule = PolicyFailure.Rule(layer: layer.name, clause)
      throw .policy(.originDenied(profile: profile.name, origin: profile.fusionUrl, rule: rule))
    }
  }

  var withholdsCredentials: Bool { layers.contains { $0.policy.withholdsCredentials } }

  /// The first claim that a caller may not add, or nil. A policy file without `extraClaims` leaves it to the profile.
  package func firstForbiddenClaim(_ names: [String]) -> String? {
    names.first { name in AssertionClaims.reserved.contains(name) || layers.contains { $0.forbids(claim: name) } }
  }

  private func ask(
    _ layers: [PolicyLayer],
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
