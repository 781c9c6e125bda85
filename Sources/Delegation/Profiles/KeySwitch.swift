/// Which saved profiles name a key, and how they come to name another.
extension ProfileBook {
  /// Saved profiles alone, by name: those of `initialize` are their host's.
  package func saved(naming alias: String, deadline: ContinuousClock.Instant) throws(Failure) -> [Profile] {
    try savedProfiles(deadline: deadline).profiles.values
      .filter { $0.key == alias }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Lets every saved profile that names the key name the other one, in one write.
  ///
  /// - Parameter kid: the certificate alias at the identity domain, when it is not the other key's own.
  func switchKey(from old: String, to new: String, kid: String?, for caller: any Caller) async throws(Failure) {
    try await change(for: caller) { content throws(Failure) in
      for (name, profile) in content.profiles where profile.key == old {
        content.profiles[name]?.key = new
        content.profiles[name]?.kid = kid
      }
    }
  }
}
