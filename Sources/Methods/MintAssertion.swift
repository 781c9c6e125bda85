import Delegation
import JSON
package import JSONRPC

package enum MintAssertion: Method {
  package static let name = "mintAssertion"

  package struct Params: Decodable, Sendable {
    let type: AssertionClaims.Kind
    let profile: String?
    let subject: String?
    let lifetimeSeconds: Int?
    let claims: JSONValue?
    let prompt: Bool?
  }

  package struct Result: Encodable, Sendable {
    let assertion: String
    let header: JSONValue
    let claims: JSONValue
    let expiresAt: String
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  /// What was signed or fetched before `lock` is not handed out behind its answer.
  package static func objection(in services: Services) -> ResponseError? { services.objectionWhenLocked(name) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.answering(
      name,
      AuditFacts(profile: params.profile, subject: params.subject),
      prompt: params.prompt,
      for: call
    ) {
      () throws(Failure) in
      try checking { () throws(ParamsFailure) in
        try FieldRules.range(params.lifetimeSeconds, 1...300, field: "lifetimeSeconds")
      }
      let (profile, subject, claims) = try permitted(params, services, deadline: call.deadline)
      let assertion = try await services.domain.mint.mint(
        profile,
        subject: subject,
        lifetimeSeconds: params.lifetimeSeconds,
        extra: claims,
        deadline: call.deadline
      )
      // A store may have been waited for, and the rules may have changed.
      _ = try permitted(params, services, deadline: call.deadline)
      return Result(
        assertion: assertion.text,
        header: assertion.header,
        claims: assertion.claims,
        expiresAt: assertion.expiresAt.rfc3339
      )
    }
  }

  /// What policy says to all of it.
  private static func permitted(
    _ params: Params,
    _ services: Services,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> (Profile, Subject?, [JSONValue.Member]) {
    let (profile, layers, subject) = try permit(params, services, deadline: deadline)
    do { try layers.permitRawCredentials(profile: profile.name) } catch { throw .policy(error) }
    return (profile, subject, try extraClaims(params.claims, layers))
  }

  /// A client assertion is for the client itself: it names no user.
  private static func permit(
    _ params: Params,
    _ services: Services,
    deadline: ContinuousClock.Instant
  ) throws(Failure) -> (Profile, PolicyLayers, Subject?) {
    switch params.type {
    case .user:
      let permit = try services.domain.authorization.permit(
        profile: params.profile,
        subject: params.subject,
        userToken: nil,
        deadline: deadline
      )
      return (permit.profile, permit.layers, permit.grant.subject)
    case .client:
      guard params.subject == nil else {
        throw .params(ParamsFailure("subject", "must be absent: a client assertion names the client alone"))
      }
      let (profile, layers) = try services.domain.authorization.layers(profile: params.profile, deadline: deadline)
      return (profile, layers, nil)
    }
  }

  private static func extraClaims(_ claims: JSONValue?, _ layers: PolicyLayers) throws(Failure) -> [JSONValue.Member] {
    switch claims {
    case nil, .null: return []
    case .object(let members):
      guard Set(members.map(\.name)).count == members.count else {
        throw .params(ParamsFailure("claims", "must name no claim twice"))
      }
      if let forbidden = layers.firstForbiddenClaim(members.map(\.name)) {
        throw .params(
          ParamsFailure(
            "claims.\(forbidden)",
            "may not be added: OnBehalf sets it, or policy.extraClaims has no such name"
          )
        )
      }
      return members
    default: throw .params(ParamsFailure("claims", "must be an object"))
    }
  }
}
