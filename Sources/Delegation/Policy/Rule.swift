extension PolicyFailure {
  /// The rule that decided, and the layer it stands in: of a refusal, and of what was allowed.
  ///
  /// Every call makes one, so its text is put together only for who reads it.
  package struct Rule: Sendable, Equatable {
    enum Clause: Sendable {
      /// `subjects.allow "curtis.*"`.
      case matched(field: String, Pattern)
      /// `no pattern of agents matches`.
      case unmatched(field: String)
      /// `paths GET,HEAD /fscmRestApi`.
      case path(PathRule)
      case stated(String)
    }

    /// `command line`, `policy file`, `profile NAME`, or `OnBehalf` for what no file can change.
    package let layer: String
    let clause: Clause

    init(layer: String, _ clause: Clause) {
      self.layer = layer
      self.clause = clause
    }

    package init(layer: String, text: String) { self.init(layer: layer, .stated(text)) }

    /// A rule of ours, which no file can change.
    static func builtIn(_ text: String) -> Rule { Rule(layer: ours, text: text) }

    package var isBuiltIn: Bool { layer == Self.ours }

    private static let ours = "OnBehalf"

    package var text: String {
      switch clause {
      case .matched(let field, let pattern): "\(field) \"\(pattern.text)\""
      case .unmatched(let field): "no pattern of \(field) matches"
      case .path(let rule): "paths \(rule.text)"
      case .stated(let text): text
      }
    }

    package static func == (left: Rule, right: Rule) -> Bool { left.layer == right.layer && left.text == right.text }
  }

  /// Which rule refused: for `explain`, to whom a refusal is an answer, and for the audit.
  package var rule: Rule {
    switch self {
    case .subjectDenied(let rule), .scopeDenied(_, let rule), .agentDenied(_, let rule), .pathDenied(_, let rule),
      .rawCredentialsDenied(_, let rule), .originDenied(_, _, let rule):
      rule
    case .keyBound(let alias, let binding, _):
      Rule(
        layer: "key \(alias)",
        text: "bound to \(binding.map { "\($0.clientId) at \($0.identityDomainUrl)" } ?? "nobody")"
      )
    case .adminRequired(let method): .builtIn("\(method) needs --admin")
    case .runDenied: .builtIn("a run is shown to its user alone")
    case .locked: .builtIn("lock was called")
    case .profileDisabled(let name): Rule(layer: "profile \(name)", text: "disabled")
    case .unusable(let found): Rule(layer: "policy file", text: "it cannot be used: \(found)")
    }
  }
}
