package import JSON

/// The content of the profile file, and of `initialize`: profiles by name, and which one is meant when none is named.
package struct ProfileFile: Encodable, Sendable, Equatable {
  package var defaultProfile: String?
  package var profiles: [String: Profile]

  package init(defaultProfile: String? = nil, profiles: [String: Profile] = [:]) {
    self.defaultProfile = defaultProfile
    self.profiles = profiles
  }

  /// Reads `{"defaultProfile"?: NAME, "profiles"?: {NAME: Profile}}`, refusing every field it does not know.
  ///
  /// Inside the map a profile may leave its `name` out; one that is there must be its key. `source` is what errors
  /// name: the path of the file, or `initialize`.
  package init(parsing value: JSONValue, source: String) throws(ProfileFailure) {
    self.init()
    guard case .object(let members) = value else {
      throw .invalid(profile: source, field: "", problem: "must be a JSON object")
    }
    var seen: Set<String> = []
    for member in members {
      guard seen.insert(member.name).inserted else {
        throw .invalid(profile: source, field: member.name, problem: "stands there twice")
      }
      switch (member.name, member.value) {
      case ("defaultProfile", .string(let name)): defaultProfile = name
      case ("defaultProfile", .null), ("profiles", .null): break
      case ("profiles", .object(let named)):
        for profile in named { try add(profile, source: source) }
      case ("profiles", _): throw .invalid(profile: source, field: "profiles", problem: "must be an object")
      case ("defaultProfile", _): throw .invalid(profile: source, field: "defaultProfile", problem: "must be a string")
      case (let unknown, _): throw .invalid(profile: source, field: unknown, problem: "is not a known field")
      }
    }
  }

  private mutating func add(_ member: JSONValue.Member, source: String) throws(ProfileFailure) {
    guard case .object(var fields) = member.value else {
      throw .invalid(profile: source, field: "profiles.\(member.name)", problem: "must be an object")
    }
    guard profiles[member.name] == nil else {
      throw .invalid(profile: source, field: "profiles.\(member.name)", problem: "stands there twice")
    }
    if !fields.contains(where: { $0.name == "name" }) {
      fields.append(JSONValue.Member("name", .string(member.name)))
    }
    let profile: Profile
    do {
      profile = try JSONReader.decode(Profile.self, from: .object(fields), unknownMembers: .refused)
    } catch {
      throw .invalid(profile: member.name, field: error.path, problem: error.problem)
    }
    guard profile.name == member.name else {
      throw .invalid(profile: member.name, field: "name", problem: "must be the name it stands under")
    }
    profiles[member.name] = try profile.validated()
  }
}
