import Delegation
package import JSONRPC

package enum Diagnose: Method {
  package static let name = "diagnose"

  package struct Params: Decodable, Sendable {
    let profile: String?
    let subject: String?
    let userToken: String?
    let agent: String?
    let online: Bool?
    let prompt: Bool?
    let bundle: Bool?
  }

  package struct Result: Encodable, Sendable {
    let ok: Bool
    let checks: [Check]
    let bundle: SupportBundleView?
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    guard params.subject == nil || params.userToken == nil else {
      throw ResponseError(.params(ParamsFailure("userToken", "must not stand beside subject; send one of them")))
    }
    if let agent = params.agent {
      do { try AgentNames.checkCode(agent) } catch { throw ResponseError(.params(error)) }
    }
    let request = Diagnosis.Request(
      profile: params.profile,
      subject: params.subject,
      userToken: params.userToken,
      agent: params.agent,
      online: params.online ?? true
    )
    // A little time is left to answer in.
    let deadline = call.deadline.advanced(by: .milliseconds(-200))
    if params.prompt == true { await unlock(services, until: deadline) }
    let report = await services.domain.diagnosis.run(request, deadline: deadline)
    return Result(
      ok: !report.checks.contains { $0.status == .fail },
      checks: report.checks,
      bundle: params.bundle == true ? SupportBundleView(report, request, services) : nil
    )
  }

  /// Some time is left for the checks, one of which tells whether the store is locked still.
  private static func unlock(_ services: Services, until deadline: ContinuousClock.Instant) async {
    try? await services.domain.keys.store.unlock(deadline: deadline.advanced(by: .seconds(-10)))
  }
}
