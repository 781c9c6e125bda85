import Delegation
import JSON
package import JSONRPC

package enum GetSetupGuide: Method {
  package static let name = "getSetupGuide"

  package struct Params: Decodable, Sendable {
    let profile: String?
    let alias: String?
    let prompt: Bool?
  }

  package struct Result: Encodable, Sendable {
    let steps: [SetupGuide.Step]
    let certificatePem: String?
    let appJson: JSONValue
  }

  package static func order(_ params: Params) -> Order {
    params.alias.map { .using(key: $0) } ?? .using(profile: params.profile)
  }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    var facts = AuditFacts(profile: params.profile)
    facts.key = params.alias
    return try await services.answering(name, facts, prompt: params.prompt, for: call) { () throws(Failure) in
      let guide = try await guide(params, services, deadline: call.deadline)
      return Result(steps: guide.steps, certificatePem: guide.certificatePEM, appJson: guide.application)
    }
  }

  private static func guide(
    _ params: Params,
    _ services: Services,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> SetupGuide {
    let domain = services.domain
    switch (params.profile, params.alias) {
    case (let name?, nil):
      let profile = try domain.authorization.profiles.named(name, deadline: deadline)
      guard let alias = profile.key else { return try SetupGuide(profile: profile, key: nil) }
      return try SetupGuide(profile: profile, key: await domain.keys.get(alias, deadline: deadline))
    case (nil, let alias?):
      try checking { () throws(ParamsFailure) in try FieldRules.alias(alias, field: "alias") }
      return try SetupGuide(profile: nil, key: await domain.keys.get(alias, deadline: deadline))
    case (nil, nil): throw .params(ParamsFailure("profile", "is needed, or alias for a key without one"))
    case (_?, _?): throw .params(ParamsFailure("alias", "must not stand beside profile; send one of them"))
    }
  }
}
