import Delegation
import JSON

/// `SupportBundle` of protocol/types.json: what may be mailed to support. protocol/diagnose.md says what is in it.
///
/// No secret, token, assertion or user name, no rule about users, no path.
package struct SupportBundleView: Encodable, Sendable {
  let format = "onbehalf-support-1"
  let createdAt: String
  let versions: Versions
  let process: ProcessView
  let user: UserView?
  let profile: JSONValue?
  let policyFile: JSONValue?
  let key: SupportKeyView?
  let checks: [CheckView]
  let ecids: [String]
  let clock: ClockView?
  let limiter: LimiterView?
  let counters: Counters

  struct Versions: Encodable, Sendable {
    let onbehalf: String
    let `protocol` = Initialize.protocolVersion
    let libraries: LibraryVersions
    let system: String
  }

  struct ProcessView: Encodable, Sendable {
    let startedAt: String
    let uptimeSeconds: Int64
    let options: [String]
    /// Its kind, without its path.
    let store: String
    let admin: Bool
    let locked: Bool
  }

  /// What of a name may matter to who looks at it.
  struct UserView: Encodable, Sendable {
    let from: String
    let bytes: Int?
    let hasAt: Bool?
  }

  struct SupportKeyView: Encodable, Sendable {
    let alias: String
    let bits: Int
    let x5t: String
    let x5tS256: String
    let serialNumber: String
    let notBefore: String
    let notAfter: String

    private enum CodingKeys: String, CodingKey {
      case alias
      case bits
      case x5t
      case x5tS256 = "x5t#S256"
      case serialNumber
      case notBefore
      case notAfter
    }
  }

  struct CheckView: Encodable, Sendable {
    let id: Check.ID
    let status: Check.Status
    /// Nil where it says who a user is.
    let summary: String?
    let kind: String?
    let ecid: String?
    let elapsedMs: Int
  }

  struct ClockView: Encodable, Sendable {
    let state: String
    let offsetMs: Int64
    let lastOffsetMs: Int64?
  }

  struct LimiterView: Encodable, Sendable {
    let perSecond: Int
    let perMinute: Int
    let share: Double
    let queued: Int
    let pausedMs: Int
    let lastMinute: Int
  }

  /// As `getStatus` tells them.
  struct Counters: Encodable, Sendable {
    let inFlight: Int
    let refused: CountsView<Int>
    let methods: CountsView<GetStatus.MethodView>
    let domains: [DomainStatusView]
    let pods: [GetStatus.PodStatusView]
    let cache: CacheView
  }
}

extension SupportBundleView {
  init(_ report: Diagnosis.Report, _ request: Diagnosis.Request, _ services: Services) {
    let status = GetStatus.Result(services)
    createdAt = services.domain.wallClock.now().rfc3339
    versions = Versions(onbehalf: services.version, libraries: services.libraries, system: services.host.system)
    process = ProcessView(
      startedAt: status.startedAt,
      uptimeSeconds: status.uptimeSeconds,
      options: services.host.options,
      store: String(status.store.prefix { $0 != ":" }),
      admin: status.admin,
      locked: status.locked
    )
    user = UserView(request)
    profile = report.profile?.reduced
    policyFile = report.policyFile?.reduced
    key = report.key.map(SupportKeyView.init)
    let asked = AuditFacts(profile: nil, subject: request.subject, userToken: request.userToken)
    let paths = [report.profile?.caFile, String(status.store.drop { $0 != ":" }.dropFirst())].compactMap(\.self)
    checks = report.checks.map { CheckView($0, user: asked.subject, paths: paths) }
    ecids = checks.compactMap(\.ecid)
    let domain = report.profile.map(services.domain.identityDomains.domain)
    clock = (domain?.clock.status).map(ClockView.init)
    limiter = (domain?.limiter.status).map(LimiterView.init)
    counters = Counters(
      inFlight: status.inFlight,
      refused: status.refused,
      methods: status.methods,
      domains: status.domains,
      pods: status.pods,
      cache: status.cache
    )
  }
}

extension SupportBundleView.UserView {
  fileprivate init?(_ request: Diagnosis.Request) {
    if let subject = request.subject {
      self.init(from: "subject", bytes: subject.utf8.count, hasAt: subject.utf8.contains(UInt8(ascii: "@")))
    } else if request.userToken != nil {
      self.init(from: "userToken", bytes: nil, hasAt: nil)
    } else {
      return nil
    }
  }
}

extension SupportBundleView.SupportKeyView {
  fileprivate init(_ key: OpenKey) {
    self.init(
      alias: key.item.alias,
      bits: key.signer.publicKey.bits,
      x5t: key.thumbprints.x5t,
      x5tS256: key.thumbprints.x5tS256,
      serialNumber: key.certificate.serialNumber,
      notBefore: key.certificate.notBefore.rfc3339,
      notAfter: key.certificate.notAfter.rfc3339
    )
  }
}

extension SupportBundleView.CheckView {
  fileprivate init(_ check: Check, user: String?, paths: [String]) {
    self.init(
      id: check.id,
      status: check.status,
      summary: check.isPersonal ? nil : SupportText.reduce(check.summary, user: user, paths: paths),
      kind: check.kind,
      ecid: check.ecid,
      elapsedMs: check.elapsedMs
    )
  }
}

extension SupportBundleView.ClockView {
  fileprivate init(_ status: DomainClock.Status) {
    self.init(state: status.state.rawValue, offsetMs: status.offsetMs, lastOffsetMs: status.lastOffsetMs)
  }
}

extension SupportBundleView.LimiterView {
  fileprivate init(_ status: RequestLimiter.Status) {
    self.init(
      perSecond: status.perSecond,
      perMinute: status.perMinute,
      share: status.share,
      queued: status.queued,
      pausedMs: status.pausedMs,
      lastMinute: status.lastMinute
    )
  }
}
