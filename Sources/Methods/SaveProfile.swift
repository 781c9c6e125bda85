package import Delegation
package import JSONRPC

package enum SaveProfile: Method {
  package static let name = "saveProfile"

  package struct Params: Decodable, Sendable {
    let profile: Profile
  }

  package static func order(_ params: Params) -> Order {
    .changing(profile: params.profile.name, key: params.profile.key)
  }

  /// Binds the key first: a profile is never saved beside a key that may not serve it.
  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Profile
  {
    try await services.changing(.saveProfile, AuditFacts(profile: params.profile.name), for: call) {
      facts throws(Failure) in
      let profile = try validated(params.profile)
      facts.key = profile.key
      if let alias = profile.key {
        // A profile that names the key already may be changed, whatever has become of the key: a rule can be urgent.
        let users = try services.domain.authorization.profiles.saved(naming: alias, deadline: call.deadline)
        if !users.contains(where: { $0.name == profile.name }) {
          try await services.domain.rotation.requireCurrent(alias, deadline: call.deadline)
        }
        let binding = KeyBinding(identityDomainUrl: profile.identityDomainUrl, clientId: profile.clientId)
        try await services.domain.keys.bind(alias, to: binding, for: call)
      }
      try await services.domain.authorization.profiles.save(profile, for: call)
      return profile
    }
  }

  private static func validated(_ profile: Profile) throws(Failure) -> Profile {
    do { return try profile.validated() } catch { throw .profile(error) }
  }
}
