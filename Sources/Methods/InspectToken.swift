import Delegation
import JSON
package import JSONRPC

package enum InspectToken: Method {
  package static let name = "inspectToken"

  package struct Params: Decodable, Sendable, UserParams {
    let token: String?
    let profile: String?
    let subject: String?
    let userToken: String?
    let scope: String?
  }

  package struct Result: Encodable, Sendable {
    let header: JSONValue
    let claims: JSONValue
    /// True, false or "unknown".
    let verified: JSONValue
    let reason: String?
    let issuedAt: String?
    let expiresAt: String?
    let expired: Bool?
    let misfit: String?
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  /// What was looked at before `lock` is not told behind its answer.
  package static func objection(in services: Services) -> ResponseError? { services.objectionWhenLocked(name) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.answering(name, params.asked(scope: params.scope), for: call) { () throws(Failure) in
      try services.domain.lockdown.requireOpen()
      return Result(try await report(params, call, services.domain.inspection, services))
    }
  }

  private static func report(
    _ params: Params,
    _ call: Call,
    _ inspection: TokenInspection,
    _ services: Services
  ) async throws(Failure) -> TokenInspection.Report {
    guard let token = params.token else {
      guard params.subject != nil || params.userToken != nil else {
        throw .params(ParamsFailure("token", "is needed; or subject or userToken, for the one in memory"))
      }
      let permit = try params.permit(services, deadline: call.deadline)
      let request = TokenService.Request(permit, scope: params.scope)
      return try await inspection.inspect(request, deadline: call.deadline)
    }
    try checking { () throws(ParamsFailure) in
      guard params.subject == nil, params.userToken == nil else {
        throw ParamsFailure("token", "must stand alone: send one of token, subject and userToken")
      }
      if let scope = params.scope { try FieldRules.printable(scope, field: "scope", maximum: 1024, spaces: true) }
    }
    return try await inspection.inspect(
      token: token,
      profile: params.profile,
      scope: params.scope,
      deadline: call.deadline
    )
  }
}

extension InspectToken.Result {
  fileprivate init(_ report: TokenInspection.Report) {
    (verified, reason) =
      switch report.verdict {
      case .signed: (true, nil)
      case .notSigned(let reason): (false, reason)
      case .unknown(let reason): ("unknown", reason)
      }
    header = report.header
    claims = report.claims
    issuedAt = report.issuedAt?.rfc3339
    expiresAt = report.expiresAt?.rfc3339
    expired = report.isExpired
    misfit = report.misfit
  }
}
