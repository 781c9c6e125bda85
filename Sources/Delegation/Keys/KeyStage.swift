/// Where a key stands in its rotation, as its own header has it.
package enum KeyStage: Sendable, Equatable {
  /// In use, or free to be.
  case current
  /// Made to succeed that key, and not what profiles name yet.
  case successor(of: String)
  /// Succeeded, and kept until it is deleted. It still signs for those who name it.
  case retired(Retirement)

  package struct Retirement: Sendable, Equatable {
    package let at: UnixTime
    package let successor: String
    /// The certificate alias that profiles named beside the key, for the way back; nil when it was the key's own.
    package let kid: String?

    package init(at: UnixTime, successor: String, kid: String?) {
      self.at = at
      self.successor = successor
      self.kid = kid
    }
  }
}

/// As headers of protocol/key-item.md.
extension KeyStage {
  static let headers: Set<String> = ["Succeeds", "Retired", "Succeeded-By", "Kid"]

  var header: String {
    switch self {
    case .current: ""
    case .successor(let alias): "Succeeds: \(alias)\n"
    case .retired(let retirement):
      "Retired: \(retirement.at.rfc3339)\nSucceeded-By: \(retirement.successor)\n"
        + (retirement.kid.map { "Kid: \($0)\n" } ?? "")
    }
  }

  /// Nil when the fields do not belong together.
  init?(_ fields: [String: String]) {
    let present = Self.headers.filter { fields[$0] != nil }
    switch (fields["Succeeds"], fields["Retired"].flatMap(UnixTime.init(rfc3339:)), fields["Succeeded-By"]) {
    case (nil, nil, nil) where present.isEmpty: self = .current
    case (let alias?, nil, nil) where present.count == 1 && Self.isAlias(alias): self = .successor(of: alias)
    case (nil, let at?, let alias?) where Self.isAlias(alias) && fields["Kid"].map(Self.isKid) ?? true:
      self = .retired(Retirement(at: at, successor: alias, kid: fields["Kid"]))
    default: return nil
    }
  }

  private static func isAlias(_ text: String) -> Bool {
    (try? FieldRules.alias(text, field: "")) != nil
  }

  private static func isKid(_ text: String) -> Bool {
    (try? FieldRules.printable(text, field: "", maximum: 128)) != nil
  }
}
