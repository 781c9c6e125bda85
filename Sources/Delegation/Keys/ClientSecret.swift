extension SecretItem {
  /// The secret of a profile's client at its identity domain.
  ///
  /// Named by whom it is for and not by the profile: like a key, a secret is bound (invariant 2). A profile of the same
  /// name that points elsewhere, given at `initialize` perhaps, finds none and sends none.
  static func clientSecret(of profile: Profile) -> SecretItem {
    SecretItem(.clientSecret, "\(profile.clientId)@\(profile.identityDomainUrl)")
  }
}
