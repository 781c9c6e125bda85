/// Says what works, what does not, and what to do. Useful when almost everything is broken: nothing here throws, a
/// check that needs what failed is skipped, and each has a share of the deadline so that a silent one starves no other.
package struct Diagnosis: Sendable {
  package struct Request: Sendable {
    package var profile: String?
    package var subject: String?
    package var userToken: String?
    package var online: Bool

    package init(profile: String?, subject: String?, userToken: String?, online: Bool) {
      self.profile = profile
      self.subject = subject
      self.userToken = userToken
      self.online = online
    }
  }

  /// What a check concludes; the words for a failure come from the errors of the protocol.
  struct Finding: Sendable {
    let status: Check.Status
    let summary: String
    let hint: String?

    init(_ status: Check.Status, _ summary: String, hint: String? = nil) {
      self.status = status
      self.summary = summary
      self.hint = hint
    }
  }

  let authorization: Authorization
  let store: any SecretStore
  let mint: AssertionMint
  let exchange: TokenExchange
  let http: any HTTPClient
  let wallClock: any WallClock
  let clock: any MonotonicClock
  let random: any Randomness
  /// The sentence and the hint the protocol has for a failure.
  let explain: @Sendable (Failure) -> (summary: String, hint: String)

  /// No check takes longer, so that all are made within the caller's time.
  private static let longestCheck: Duration = .seconds(5)

  package init(
    authorization: Authorization,
    mint: AssertionMint,
    exchange: TokenExchange,
    ports: Ports,
    explain: @escaping @Sendable (Failure) -> (summary: String, hint: String)
  ) {
    self.authorization = authorization
    self.mint = mint
    self.exchange = exchange
    self.explain = explain
    store = ports.store
    http = ports.http
    wallClock = ports.wallClock
    clock = ports.clock
    random = ports.random
  }

  package func run(_ request: Request, deadline: ContinuousClock.Instant) async -> [Check] {
    var checks: [Check] = []
    var profile: Profile?
    checks.append(
      await check(.configuration, by: deadline) { limit throws(Failure) in
        let found = try authorization.layers(profile: request.profile, deadline: limit).profile
        profile = found
        return Finding(.pass, "The profile \(found.name) and the policy are valid.")
      }
    )
    checks.append(await check(.store, by: deadline) { limit throws(Failure) in try await tryStore(limit) })
    let canRead = checks.last?.status == .pass
    checks += await keyChecks(profile, canRead: canRead, by: deadline)
    let hasKey = checks.first { $0.id == .key }?.status != .fail
    checks += await onlineChecks(request, profile, hasKey: hasKey && canRead, by: deadline)
    return checks
  }

  /// Writes an item, reads it, deletes it.
  private func tryStore(_ deadline: ContinuousClock.Instant) async throws(Failure) -> Finding {
    let item = SecretItem(.trial, Base64.encode(random.bytes(9), as: .url))
    do throws(StoreFailure) {
      let secret = SecretBytes(copying: random.bytes(32))
      try await store.write(item, secret: secret, publicAttributes: [:], replacing: false, deadline: deadline)
      _ = try await store.delete(item, deadline: deadline)
    } catch {
      throw .store(error, store: store.name)
    }
    let note = store.name == "memory" ? " It keeps nothing when the process ends." : ""
    return Finding(.pass, "The store \(store.name) was written, read and cleaned up.\(note)")
  }

  private func keyChecks(
    _ profile: Profile?,
    canRead: Bool,
    by deadline: ContinuousClock.Instant
  ) async -> [Check] {
    guard let profile, canRead else {
      let reason = profile == nil ? "there is no valid profile" : "the store does not work"
      return [skip(.key, reason), skip(.certificate, reason)]
    }
    guard profile.key != nil else {
      return [skip(.key, "the profile names no key"), skip(.certificate, "the profile names no key")]
    }
    var key: OpenKey?
    let keyCheck = await check(.key, by: deadline) { limit throws(Failure) in
      let found = try await mint.signingKey(of: profile, deadline: limit)
      key = found
      if let warning = KeyWarning.stage(of: found.item) {
        return Finding(.warn, warning.message, hint: warning.hint)
      }
      return Finding(
        .pass,
        "The key \(found.item.alias), RSA \(found.signer.publicKey.bits), is bound to the profile's domain and client; "
          + "x5t \(found.thumbprints.x5t)."
      )
    }
    guard let key else { return [keyCheck, skip(.certificate, "the key cannot be used")] }
    return [keyCheck, await check(.certificate, by: deadline) { _ throws(Failure) in dates(of: key.certificate) }]
  }

  private func dates(of certificate: Certificate) -> Finding {
    let now = wallClock.now()
    if let warning = KeyWarning.dates(of: certificate, at: now) {
      return Finding(.warn, warning.message, hint: warning.hint)
    }
    let days = certificate.daysLeft(at: now)
    return Finding(.pass, "The certificate ends at \(certificate.notAfter.rfc3339), in \(days) days.")
  }

  private func onlineChecks(
    _ request: Request,
    _ profile: Profile?,
    hasKey: Bool,
    by deadline: ContinuousClock.Instant
  ) async -> [Check] {
    guard request.online else { return [.clock, .client, .token].map { skip($0, "online is false") } }
    guard let profile else { return [.clock, .client, .token].map { skip($0, "there is no valid profile") } }
    let clockCheck = await check(.clock, by: deadline) { limit throws(Failure) in
      try await compareClocks(profile, limit)
    }
    guard clockCheck.status != .fail else {
      let reason = "the clock check failed"
      return [clockCheck, skip(.client, reason), skip(.token, reason)]
    }
    guard hasKey else {
      return [clockCheck, skip(.client, "the key cannot be used"), skip(.token, "the key cannot be used")]
    }
    let client = await check(.client, AuditFacts(profile: profile.name), by: deadline) { limit throws(Failure) in
      // As it is now: the checks before this one have taken a while.
      let (profile, layers) = try authorization.layers(profile: profile.name, deadline: limit)
      do throws(PolicyFailure) { try layers.permit(scope: profile.scope) } catch { throw .policy(error) }
      try await exchange.tryClient(profile, deadline: limit)
      return Finding(.pass, "The identity domain accepts the client \(profile.clientId).")
    }
    guard request.subject != nil || request.userToken != nil else {
      return [clockCheck, client, skip(.token, "no subject was given to try it with")]
    }
    let facts = AuditFacts(profile: profile.name, subject: request.subject, userToken: request.userToken)
    let token = await check(.token, facts, by: deadline) { limit throws(Failure) in
      let permit = try authorization.permit(
        profile: profile.name,
        subject: request.subject,
        userToken: request.userToken,
        deadline: limit
      )
      let scope = try permit.scope(nil)
      let token = try await exchange.exchange(permit.grant, scope: scope, profile: permit.profile, deadline: limit)
      return Finding(
        .pass,
        "The identity domain gave a token that is \(token.subject), until \(token.expiresAt.rfc3339)."
      )
    }
    return [clockCheck, client, token]
  }

  /// Asks for the discovery document, whatever the answer: its `Date` and the way there are what counts.
  private func compareClocks(_ profile: Profile, _ deadline: ContinuousClock.Instant) async throws(Failure) -> Finding {
    let domain = try profile.identityDomain
    var request = HTTPRequest(
      method: .get,
      origin: domain,
      target: "/.well-known/openid-configuration",
      headers: [(name: "Accept", value: "application/json")],
      deadline: deadline
    )
    request.caFile = profile.caFile
    request.proxy = profile.proxy
    let response: HTTPResponse
    do throws(HTTPFailure) { response = try await http.send(request) } catch {
      throw .network(NetworkFailure(.identityDomain, server: domain.text, problem: .http(error)))
    }
    guard let date = response.date else {
      return Finding(.warn, "\(domain.text) answered without a date, so the clocks cannot be compared.")
    }
    let offset = (date.milliseconds - wallClock.now().milliseconds) / 1000
    guard offset.magnitude > 60 else {
      return Finding(.pass, "This machine's clock and that of \(domain.text) agree within \(offset.magnitude + 1) s.")
    }
    return Finding(
      offset.magnitude > 240 ? .fail : .warn,
      "The clock of \(domain.text) is \(offset.magnitude) s \(offset > 0 ? "ahead of" : "behind") this machine's.",
      hint: "Set this machine's clock (NTP); assertions more than about 5 minutes off are refused."
    )
  }

  /// - Parameter facts: of a check that acts for somebody. What a rule forbids is recorded with them.
  private func check(
    _ id: Check.ID,
    _ facts: AuditFacts? = nil,
    by deadline: ContinuousClock.Instant,
    _ body: (ContinuousClock.Instant) async throws(Failure) -> Finding
  ) async -> Check {
    let start = clock.now
    let finding: Finding
    do throws(Failure) {
      finding = try await body(min(deadline, start.advanced(by: Self.longestCheck)))
    } catch {
      if let facts, case .policy(let denial) = error { mint.audit.denied("diagnose", facts, denial) }
      let (summary, hint) = explain(error)
      finding = Finding(.fail, summary, hint: hint)
    }
    let elapsed = (clock.now - start).components
    return Check(
      id: id,
      status: finding.status,
      summary: finding.summary,
      hint: finding.hint,
      elapsedMs: Int(elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000)
    )
  }

  private func skip(_ id: Check.ID, _ reason: String) -> Check {
    Check(id: id, status: .skip, summary: "Not tried: \(reason).", hint: nil, elapsedMs: 0)
  }
}
