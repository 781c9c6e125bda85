extension SecretItem {
  /// The secret of a profile's client at its identity domain.
  ///
  /// Named by whom it is for and not by the profile: like a key, a secret is bound (invariant 2). A profile of the same
  /// name that points elsewhere, given at `initialize` perhaps, finds none and sends none.
  static func clientSecret(of profile: Profile) -> SecretItem {
    SecretItem(.clientSecret, "\(profile.clientId)@\(profile.identityDomainUrl)")
  }

  /// What a person finds beside it in Seahorse: the two halves of its name. An origin holds no `@`.
  var clientSecretAttributes: [String: String] {
    guard let separator = name.lastIndex(of: "@") else { return [:] }
    return [
      "client-id": String(name[..<separator]),
      "identity-domain-url": String(name[name.index(after: separator)...]),
    ]
  }
}
