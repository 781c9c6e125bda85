/// One layer's rules, and what they say to each question.
struct PolicyLayer: Sendable {
  enum Verdict: Sendable {
    case allows(PolicyFailure.Rule.Clause)
    case denies(PolicyFailure.Rule.Clause)
    /// It has no rule for this, and so does not narrow it.
    case saysNothing

    var isDenial: Bool { if case .denies = self { true } else { false } }
  }

  let name: String
  let policy: Policy
  /// The scopes that need no `scopes` entry: a profile's own. The command line and the policy file have none.
  private let ownScopes: [String]?

  private var isProfile: Bool { ownScopes != nil }

  init(commandLine policy: Policy) {
    name = "command line"
    self.policy = policy
    ownScopes = nil
  }

  init(policyFile policy: Policy) {
    name = "policy file"
    self.policy = policy
    ownScopes = nil
  }

  init(_ profile: Profile) {
    name = "profile \(profile.name)"
    policy = profile.policy
    ownScopes = [profile.scope] + (profile.apiScopes ?? []).map(\.scope)
  }

  /// Deny wins, then some allow pattern must match.
  func verdict(on subject: Subject) -> Verdict {
    if let deny = policy.subjects.deny, !deny.isEmpty {
      let folded = subject.folded
      if let pattern = deny.first(where: { $0.matches(folded: folded) }) {
        return .denies(.matched(field: "subjects.deny", pattern))
      }
    }
    return allowed(by: policy.subjects.allow, field: "subjects.allow") { $0.matches(subject.bytes) }
  }

  /// A scope is a list (RFC 6749 section 3.3): each of its values must be allowed by itself, for a `*` would match all
  /// that follows.
  func verdict(onScope scope: String) -> Verdict {
    let ownScopes = ownScopes ?? []
    if ownScopes.contains(where: { $0.utf8.elementsEqual(scope.utf8) }) { return .allows(.stated("its own scope")) }
    let own = ownScopes.flatMap(Self.values)
    guard let patterns = policy.scopes else {
      guard isProfile else { return .saysNothing }
      let isOwn = Self.values(of: scope).allSatisfy(own.contains)
      return isOwn ? .allows(.stated("its own scope")) : .denies(.stated("without scopes only its own is given"))
    }
    var verdict = Verdict.allows(.stated("its own scope"))
    for value in Self.values(of: scope) where !own.contains(value) {
      verdict = allowed(by: patterns, field: "scopes") { $0.matches(value) }
      guard case .allows = verdict else { break }
    }
    return verdict
  }

  private static func values(of scope: String) -> [[UInt8]] {
    scope.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
  }

  func verdict(onAgent agent: String, invoking: Bool) -> Verdict {
    if invoking, policy.readOnly == true { return .denies(.stated("readOnly")) }
    guard let patterns = policy.agents else { return .saysNothing }
    return allowed(by: patterns, field: "agents") { $0.matches(agent.utf8) }
  }

  /// Without `paths` a profile leaves the orchestrator closed, and so does whoever limits agents: it leads to all of them.
  func verdict(on method: RequestMethod, _ path: RequestPath) -> Verdict {
    if policy.readOnly == true, !method.onlyReads { return .denies(.stated("readOnly")) }
    guard let rules = policy.paths else {
      guard isProfile || policy.agents != nil, path.isOrchestrator else { return .saysNothing }
      return .denies(.stated("the orchestrator is closed unless a rule of paths begins there"))
    }
    guard let rule = rules.first(where: { $0.matches(method, path) }) else {
      return .denies(.stated("no rule of paths matches"))
    }
    return .allows(.path(rule))
  }

  /// A batch names methods and paths of its own, in its body.
  var verdictOnBatch: Verdict {
    policy.paths == nil ? .saysNothing : .denies(.stated("paths are limited, and a batch names others in its body"))
  }

  var verdictOnRawCredentials: Verdict {
    guard let limit = policy.reachLimit else { return .saysNothing }
    return policy.rawCredentials == true ? .allows(.stated("rawCredentials")) : .denies(.stated(limit))
  }

  func forbids(claim: String) -> Bool {
    guard let names = policy.extraClaims ?? (isProfile ? [] : nil) else { return false }
    return !names.contains(claim)
  }

  private func allowed(by patterns: [Pattern], field: String, _ matches: (Pattern) -> Bool) -> Verdict {
    guard let pattern = patterns.first(where: matches) else { return .denies(.unmatched(field: field)) }
    return .allows(.matched(field: field, pattern))
  }
}
