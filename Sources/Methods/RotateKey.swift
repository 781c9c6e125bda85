import Delegation
package import JSONRPC

package enum RotateKey: Method {
  package static let name = "rotateKey"

  package enum Step: String, Decodable, Sendable {
    case start
    case attempt = "try"
    case finish
    case abort
  }

  package struct Params: Decodable, Sendable {
    let alias: String
    let step: Step
    let profile: String?
    let subject: String?
    let nextAlias: String?
    let bits: Int?
    let validityDays: Int?
  }

  /// A Key, with what succeeds it and what to do next.
  package struct Result: Encodable, Sendable {
    let key: KeyView
    let next: KeyView?
    let hint: String

    private enum CodingKeys: String, CodingKey {
      case next
      case hint
    }

    package func encode(to encoder: any Encoder) throws {
      try key.encode(to: encoder)
      var members = encoder.container(keyedBy: CodingKeys.self)
      try members.encodeIfPresent(next, forKey: .next)
      try members.encode(hint, forKey: .hint)
    }
  }

  package static func order(_ params: Params) -> Order {
    switch params.step {
    case .start: .changingAllKeys
    case .attempt: .usingAllKeys(profile: params.profile)
    case .finish, .abort: .changingAllKeysAndProfiles
    }
  }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    var facts = AuditFacts(profile: params.profile, subject: params.subject)
    facts.key = params.alias
    return try await services.changing(.rotateKey, facts, for: call) { _ throws(Failure) in
      try check(params)
      let rotation = services.domain.rotation
      let pair: KeyRotation.Pair
      switch params.step {
      case .start: pair = try await rotation.start(plan(params), for: call)
      case .attempt:
        pair = try await rotation.attempt(params.alias, profile: params.profile, subject: params.subject, for: call)
      case .finish: pair = try await rotation.finish(params.alias, for: call)
      case .abort: pair = try await rotation.abort(params.alias, for: call)
      }
      return Result(
        key: KeyView(pair.key, in: services),
        next: pair.next.map { KeyView($0, in: services) },
        hint: hint(params.step, pair)
      )
    }
  }

  private static func check(_ params: Params) throws(Failure) {
    try checking { () throws(ParamsFailure) in
      try FieldRules.alias(params.alias, field: "alias")
      if let next = params.nextAlias { try FieldRules.alias(next, field: "nextAlias") }
      try CreateKey.check(bits: params.bits, validityDays: params.validityDays)
      let ofStart = [
        ("nextAlias", params.nextAlias != nil), ("bits", params.bits != nil),
        ("validityDays", params.validityDays != nil),
      ]
      let ofTry = [("profile", params.profile != nil), ("subject", params.subject != nil)]
      let foreign = (params.step == .start ? [] : ofStart) + (params.step == .attempt ? [] : ofTry)
      if let (field, _) = foreign.first(where: \.1) {
        throw ParamsFailure(field, "does not belong to step \(params.step.rawValue)")
      }
    }
  }

  private static func plan(_ params: Params) -> KeyRotation.Plan {
    KeyRotation.Plan(
      alias: params.alias,
      nextAlias: params.nextAlias,
      bits: params.bits,
      validityDays: params.validityDays
    )
  }

  /// Under which the profiles had it registered.
  private static func certificateAlias(of key: OpenKey) -> String {
    guard case .retired(let retirement) = key.item.stage else { return key.item.alias }
    return retirement.kid ?? key.item.alias
  }

  private static func hint(_ step: Step, _ pair: KeyRotation.Pair) -> String {
    let alias = pair.key.item.alias
    guard let next = pair.next?.item.alias else {
      return "The successor is deleted: remove its certificate from the application, if it was imported."
    }
    return switch step {
    case .start:
      "Import next.certificatePem into the application under the alias \(next), beside the old one; then step try."
    case .attempt: "The identity domain takes \(next): step finish lets every profile on \(alias) use it."
    case .finish:
      "Profiles use \(next). When all is well, remove the certificate \(certificateAlias(of: pair.key)) from the "
        + "application, and the key \(alias) with deleteKey."
    case .abort: "Profiles use \(alias) again. Step abort once more deletes \(next); step finish goes on with it."
    }
  }
}
