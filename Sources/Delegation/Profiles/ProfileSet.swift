/// All profiles at one moment: those saved in the profile file, and those given at `initialize`.
package struct ProfileSet: Sendable {
  let saved: ProfileFile
  let given: ProfileFile
  /// That of the profile file; nil when there is none.
  let stamp: FileStamp?

  /// The profile of that name, else the default one.
  package func profile(_ name: String?) throws(Failure) -> Profile {
    // Only who names none, or one that is not there, needs them all: this is asked on every call.
    var known: Set<String> { Set(saved.profiles.keys).union(given.profiles.keys) }
    var only: String? { known.count == 1 ? known.first : nil }
    guard let name = name ?? given.defaultProfile ?? saved.defaultProfile ?? only,
      let profile = given.profiles[name] ?? saved.profiles[name]
    else { throw .profile(.notFound(name: name, known: Self.sorted(known))) }
    if given.profiles[name] != nil, saved.profiles[name] != nil {
      throw .profile(
        .invalid(profile: name, field: "name", problem: "is taken by a saved profile; give yours another name")
      )
    }
    if profile.disabled == true { throw .policy(.profileDisabled(name)) }
    return profile
  }

  /// The saved profiles that one given at `initialize` is held to: those of the same client, whose keys and secrets it
  /// uses. Else whoever may give a profile would get around the rules of a saved one.
  ///
  /// - Throws: `.profileDisabled` when there are such, and all of them are disabled.
  func beneath(_ profile: Profile) throws(Failure) -> [Profile] {
    guard given.profiles[profile.name] != nil else { return [] }
    let kin = saved.profiles.values
      .filter { $0.identityDomainUrl == profile.identityDomainUrl && $0.clientId == profile.clientId }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let enabled = kin.filter { $0.disabled != true }
    if enabled.isEmpty, let disabled = kin.first { throw .policy(.profileDisabled(disabled.name)) }
    return enabled
  }

  /// Whether credentials of this profile, given at `initialize`, would go where those of no saved profile go.
  func leadsElsewhere(_ profile: Profile) -> Bool {
    guard given.profiles[profile.name] != nil else { return false }
    return !saved.profiles.values.contains { saved in
      saved.identityDomainUrl == profile.identityDomainUrl && saved.fusionUrl == profile.fusionUrl
        && saved.proxy == profile.proxy && saved.caFile == profile.caFile
    }
  }

  /// The lowest that any profile of the identity domain names; nil when none does.
  func rateLimit(of identityDomainUrl: String) -> RateLimit? {
    let limits = [saved, given].flatMap(\.profiles.values)
      .filter { $0.identityDomainUrl == identityDomainUrl }
      .compactMap(\.rateLimit)
    guard let perSecond = limits.map(\.perSecond).min(), let perMinute = limits.map(\.perMinute).min() else {
      return nil
    }
    return RateLimit(perSecond: perSecond, perMinute: perMinute)
  }

  /// By name.
  var all: [Profile] {
    let merged = saved.profiles.merging(given.profiles) { saved, _ in saved }
    return Self.sorted(merged.keys).compactMap { merged[$0] }
  }

  static func sorted(_ names: some Sequence<String>) -> [String] {
    names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
