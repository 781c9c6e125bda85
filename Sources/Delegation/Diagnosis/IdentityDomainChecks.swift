/// The way to the identity domain, and what it says.
extension Diagnosis {
  /// Nothing of HTTP is sent.
  func look(
    at origin: Origin,
    _ profile: Profile,
    by deadline: ContinuousClock.Instant
  ) async -> ConnectionReport {
    var place = ProbedPlace(origin, deadline: share(of: deadline))
    (place.caFile, place.proxy) = (profile.caFile, profile.proxy)
    return await probe.look(at: place)
  }

  func checkWay(to domain: Origin, _ report: ConnectionReport, _ list: inout CheckList) {
    let findings = ConnectionFindings(
      origin: domain,
      report: report,
      now: wallClock.now(),
      field: "identityDomainUrl"
    )
    list.add(.proxy, findings.proxyFinding)
    // A proxy that refuses has been found and reached.
    let isSet = report.problem?.step != .settings
    if isSet || !list.skip(.dns, ifFailed: .proxy) {
      list.add(Check(.dns, findings.lookup, elapsed: report.lookupTime ?? .zero))
    }
    if !list.skip(.tcp, ifFailed: .dns) {
      list.add(Check(.tcp, findings.connection, elapsed: report.connectTime ?? .zero))
    }
    if !list.skip(.tls, ifFailed: .tcp, .proxy) {
      list.add(Check(.tls, findings.tls, elapsed: report.handshakeTime ?? .zero))
    }
  }

  /// The document itself is never used: it is public, and tells whether this is an identity domain.
  func checkDiscovery(
    _ domain: Origin,
    _ profile: Profile,
    _ list: inout CheckList,
    by deadline: ContinuousClock.Instant
  ) async {
    if list.skip(.discovery, ifFailed: .tls) {
      _ = list.skip(.clock, ifFailed: .discovery)
      return
    }
    var date: UnixTime?
    list.add(
      await check(.discovery, by: deadline) { limit throws(Failure) in
        let response = try await ask(.get, domain, "/.well-known/openid-configuration", .identityDomain, profile, limit)
        date = response.date
        return DiscoveryFinding.of(response, from: domain).with(ecid: response.ecid)
      }
    )
    if list.skip(.clock, ifFailed: .discovery) { return }
    let used = domains.domain(of: profile).clock.status
    list.add(.clock, ClockFinding.of(date, at: domain, now: wallClock.now(), used: used))
  }

  /// Without a credential.
  func ask(
    _ method: RequestMethod,
    _ origin: Origin,
    _ target: String,
    _ party: NetworkFailure.Party,
    _ profile: Profile,
    _ deadline: ContinuousClock.Instant
  ) async throws(Failure) -> HTTPResponse {
    var request = HTTPRequest(method: method, origin: origin, target: target, deadline: deadline)
    request.headers = [(name: "Accept", value: "application/json")]
    request.maximumResponseBytes = 1 << 20
    (request.caFile, request.proxy) = (profile.caFile, profile.proxy)
    do throws(HTTPFailure) { return try await http.send(request) } catch {
      throw .network(NetworkFailure(party, server: origin.text, problem: .http(error), isRepeatable: true))
    }
  }

  /// Whether the domain gives the client a token of its own, which is thrown away.
  func checkClient(_ profile: Profile, _ list: inout CheckList, by deadline: ContinuousClock.Instant) async {
    if list.skip(.client, ifFailed: .discovery, .clock, .store, .key) { return }
    list.add(
      await check(.client, AuditFacts(profile: profile.name), by: deadline) { limit throws(Failure) in
        // As it is now: the checks before this one have taken a while.
        let (profile, layers) = try authorization.layers(profile: profile.name, deadline: limit)
        do throws(PolicyFailure) { try layers.permit(scope: profile.scope) } catch { throw .policy(error) }
        try await exchange.tryClient(profile, deadline: limit)
        return Finding(.pass, "The identity domain accepts the client \(profile.clientId).")
      }
    )
  }

  /// The token of the user, when it is shown to be theirs.
  ///
  /// It is tried also after the client was refused: a domain may give a client no token of its own and yet one of users.
  func checkToken(
    _ request: Request,
    _ profile: Profile,
    _ list: inout CheckList,
    by deadline: ContinuousClock.Instant
  ) async -> AccessToken? {
    if list.skip(.token, ifFailed: .discovery, .clock, .store, .key) {
      _ = list.skip(.fidelity, ifFailed: .token)
      return nil
    }
    guard request.subject != nil || request.userToken != nil else {
      for id in [Check.ID.token, .fidelity] {
        list.skip(id, because: "no user was given", hint: "Name one in subject, as the identity domain spells it.")
      }
      return nil
    }
    var token: AccessToken?
    var disproof: Failure?
    let facts = AuditFacts(profile: profile.name, subject: request.subject, userToken: request.userToken)
    list.add(
      await check(.token, facts, by: deadline) { limit throws(Failure) in
        let permit = try permit(request, profile, limit)
        let scope = try permit.scope(nil)
        do throws(Failure) {
          token = try await exchange.exchange(permit.grant, scope: scope, profile: permit.profile, deadline: limit)
        } catch {
          guard error.isDisproof else { throw error }
          disproof = error
        }
        return Finding(.pass, "The identity domain gave a token for \(permit.grant.subject.text).").personal
      }
    )
    if let disproof {
      list.add(.fidelity, failed(disproof))
    } else if let token {
      list.add(.fidelity, FidelityFinding.of(token, profile: profile))
    } else {
      _ = list.skip(.fidelity, ifFailed: .token)
    }
    return token
  }

  /// Under the rules as they are now.
  func permit(
    _ request: Request,
    _ profile: Profile,
    _ deadline: ContinuousClock.Instant
  ) throws(Failure) -> Authorization.Permit {
    try authorization.permit(
      profile: profile.name,
      subject: request.subject,
      userToken: request.userToken,
      deadline: deadline
    )
  }
}

extension Failure {
  /// A token came, and it is not what was asked for.
  fileprivate var isDisproof: Bool {
    switch self {
    case .token(.wrongUser), .token(.wrongScope), .token(.withoutLife): true
    default: false
    }
  }
}
