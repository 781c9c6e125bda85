/// Says what works, what does not, and what to do. Useful when almost everything is broken: nothing here throws, a
/// check that needs what failed is skipped, and each has a share of the deadline so that a silent one starves no other.
package struct Diagnosis: Sendable {
  package struct Request: Sendable {
    package var profile: String?
    package var subject: String?
    package var userToken: String?
    package var agent: String?
    package var online: Bool

    package init(profile: String?, subject: String?, userToken: String?, agent: String? = nil, online: Bool) {
      self.profile = profile
      self.subject = subject
      self.userToken = userToken
      self.agent = agent
      self.online = online
    }
  }

  /// The checks, and what they were made with as far as it was found.
  package struct Report: Sendable {
    package fileprivate(set) var checks: [Check] = []
    package fileprivate(set) var profile: Profile?
    package fileprivate(set) var key: OpenKey?
    /// Of the policy file; nil when there is none, or none that can be used.
    package fileprivate(set) var policyFile: Policy?
  }

  let authorization: Authorization
  let store: any SecretStore
  let mint: AssertionMint
  let exchange: TokenExchange
  let domains: IdentityDomains
  let http: any HTTPClient
  let probe: any ConnectionProbe
  let wallClock: any WallClock
  let clock: any MonotonicClock
  let random: any Randomness
  let kind: @Sendable (Failure) -> String
  /// The sentence and the hint the protocol has for a failure.
  let explain: @Sendable (Failure) -> (summary: String, hint: String)

  /// No check takes longer, so that all are made within the caller's time.
  static let longestCheck: Duration = .seconds(5)

  package init(
    authorization: Authorization,
    mint: AssertionMint,
    exchange: TokenExchange,
    domains: IdentityDomains,
    ports: Ports,
    kind: @escaping @Sendable (Failure) -> String,
    explain: @escaping @Sendable (Failure) -> (summary: String, hint: String)
  ) {
    self.authorization = authorization
    self.mint = mint
    self.exchange = exchange
    self.domains = domains
    self.kind = kind
    self.explain = explain
    store = ports.store
    http = ports.http
    probe = ports.probe
    wallClock = ports.wallClock
    clock = ports.clock
    random = ports.random
  }

  /// All checks in the order of `Check.ID`, whatever becomes of each.
  package func run(_ request: Request, deadline: ContinuousClock.Instant) async -> Report {
    var list = CheckList()
    var report = Report()
    report.profile = await checkConfiguration(request, &list, by: deadline)
    report.policyFile = try? authorization.rules(deadline: share(of: deadline)).policyFile.policy
    list.add(await check(.store, by: deadline) { limit throws(Failure) in try await tryStore(limit) })
    report.key = await checkKey(report.profile, &list, by: deadline)
    if request.online {
      await checkServers(request, report.profile, &list, by: deadline)
    } else {
      for id in Check.ID.online { list.skip(id, because: "online is false") }
    }
    report.checks = list.checks
    return report
  }

  private func checkServers(
    _ request: Request,
    _ profile: Profile?,
    _ list: inout CheckList,
    by deadline: ContinuousClock.Instant
  ) async {
    guard let profile, let servers = try? Servers(profile) else {
      for id in Check.ID.online { _ = list.skip(id, ifFailed: .configuration) }
      return
    }
    // Side by side: neither needs the other, and each may take its whole share.
    async let pod = look(at: servers.pod, profile, by: deadline)
    checkWay(to: servers.domain, await look(at: servers.domain, profile, by: deadline), &list)
    await checkDiscovery(servers.domain, profile, &list, by: deadline)
    await checkClient(profile, &list, by: deadline)
    let token = await checkToken(request, profile, &list, by: deadline)
    await checkPod(servers.pod, await pod, profile, &list, by: deadline)
    await checkAgent(request, profile, token, &list, by: deadline)
  }

  private struct Servers {
    let domain: Origin
    let pod: Origin

    init(_ profile: Profile) throws(Failure) {
      domain = try profile.identityDomain
      pod = try profile.fusion
    }
  }

  /// - Parameter facts: of a check that acts for somebody. What a rule forbids is recorded with them.
  func check(
    _ id: Check.ID,
    _ facts: AuditFacts? = nil,
    by deadline: ContinuousClock.Instant,
    _ body: (ContinuousClock.Instant) async throws(Failure) -> Finding
  ) async -> Check {
    guard !Task.isCancelled else { return Check(id, Finding(.skip, "Not tried: nobody waits for it any more.")) }
    let start = clock.now
    let finding: Finding
    do throws(Failure) {
      finding = try await body(share(of: deadline))
    } catch {
      if let facts, case .policy(let denial) = error { mint.audit.denied("diagnose", facts, denial) }
      finding = failed(error)
    }
    return Check(id, finding, elapsed: clock.now - start)
  }

  func share(of deadline: ContinuousClock.Instant) -> ContinuousClock.Instant {
    min(deadline, clock.now.advanced(by: Self.longestCheck))
  }

  func failed(_ failure: Failure) -> Finding {
    let (summary, hint) = explain(failure)
    // An error has its facts in `detail`; a check has this one beside its sentence.
    let here = hint.replacing("detail.ecid", with: "the ecid of this check")
    var finding = Finding(.fail, summary, hint: here)
    if case .network(let network) = failure, let plainer = NetworkFinding.of(network) { finding = plainer }
    finding.ecid = failure.ecid
    finding.kind = kind(failure)
    finding.isPersonal = failure.isPersonal
    return finding
  }
}

extension Check.ID {
  /// Those that need the network.
  static var online: ArraySlice<Check.ID> { allCases[(allCases.firstIndex(of: .proxy) ?? 0)...] }
}

extension Failure {
  /// Whether its sentence may say who a user is, or what a rule says of users.
  fileprivate var isPersonal: Bool {
    switch self {
    case .policy, .params, .profile, .token(.wrongUser): true
    case .store, .file, .key, .token, .fusion, .network, .audit, .duringRun, .startUnknown, .abandoned: false
    }
  }
}
