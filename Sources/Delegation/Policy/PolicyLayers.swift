/// The layers that narrow one call (invariant 6): each must allow it.
///
/// Evaluated on every call, cache hits included, before anything is signed or sent.
package struct PolicyLayers: Sendable {
  struct Layer: Sendable {
    let name: String
    let policy: Policy
    /// The scope that needs no `scopes` entry: a profile's own.
    let ownScope: String?
  }

  let layers: [Layer]

  package init(policyFile: Policy?, profile: Profile) {
    let fileLayer = policyFile.map { Layer(name: "policy file", policy: $0, ownScope: nil) }
    let own = Layer(name: "profile \(profile.name)", policy: profile.policy, ownScope: profile.scope)
    layers = [fileLayer, own].compactMap(\.self)
  }

  /// Deny wins, then some allow pattern must match, in every layer.
  package func permit(subject: Subject) throws(PolicyFailure) {
    for layer in layers {
      let subjects = layer.policy.subjects
      if let pattern = subjects.deny?.first(where: { Pattern($0).matchesFoldingCase(subject.text) }) {
        throw .subjectDenied(rule: layer.rule("subjects.deny \"\(pattern)\" matches"))
      }
      guard subjects.allow.contains(where: { Pattern($0).matches(subject.bytes) }) else {
        throw .subjectDenied(rule: layer.rule("no pattern of subjects.allow matches"))
      }
    }
  }

  /// A scope is a list (RFC 6749 section 3.3): each of its values must be allowed by itself, for a `*` would match all
  /// that follows.
  package func permit(scope: String) throws(PolicyFailure) {
    for layer in layers {
      let own = layer.ownScope.map(Self.values)
      for value in Self.values(of: scope) where own?.contains(value) != true {
        if let patterns = layer.policy.scopes {
          guard patterns.contains(where: { Pattern($0).matches(value) }) else {
            throw .scopeDenied(scope: scope, rule: layer.rule("no pattern of scopes matches"))
          }
        } else if own != nil {
          throw .scopeDenied(scope: scope, rule: layer.rule("without policy.scopes only its own scope is given"))
        }
      }
    }
  }

  private static func values(of scope: String) -> [[UInt8]] {
    scope.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
  }

  package func permit(agent: String) throws(PolicyFailure) {
    for layer in layers {
      guard let patterns = layer.policy.agents else { continue }
      guard patterns.contains(where: { Pattern($0).matches(Array(agent.utf8)) }) else {
        throw .agentDenied(agent: agent, rule: layer.rule("no pattern of agents matches"))
      }
    }
  }

  /// A caller who is held to some agents must not get a token that opens all of them.
  package func permitRawCredentials(profile: String) throws(PolicyFailure) {
    for layer in layers where layer.policy.withholdsCredentials {
      throw .rawCredentialsDenied(profile: profile, limitedBy: "\(layer.name), agents")
    }
  }

  /// The first claim that a caller may not add, or nil. A policy file without `extraClaims` leaves it to the profile.
  package func firstForbiddenClaim(_ names: [String]) -> String? {
    names.first { name in
      AssertionClaims.reserved.contains(name) || layers.contains { $0.extraClaims.map { !$0.contains(name) } ?? false }
    }
  }
}

extension PolicyLayers.Layer {
  fileprivate func rule(_ text: String) -> PolicyFailure.Rule { PolicyFailure.Rule(layer: name, text: text) }

  private var isProfile: Bool { ownScope != nil }

  fileprivate var extraClaims: [String]? { policy.extraClaims ?? (isProfile ? [] : nil) }
}
