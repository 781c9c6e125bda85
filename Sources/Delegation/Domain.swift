/// The parts of the domain, wired over its ports: once in the program, once in each test.
package struct Domain: Sendable {
  package let authorization: Authorization
  package let identityDomains: IdentityDomains
  package let keys: KeyService
  package let rotation: KeyRotation
  package let mint: AssertionMint
  package let tokens: TokenService
  package let inspection: TokenInspection
  package let agents: AgentService
  package let registry: AgentRegistry
  package let api: APIService
  package let diagnosis: Diagnosis
  package let audit: AuditTrail
  package let auditVerification: AuditVerification
  package let auditQuery: AuditQuery
  package let wallClock: any WallClock
  package let traffic: Traffic
  package let lockdown = Lockdown()

  /// - Parameters:
  ///   - kind: the kind of the error that the protocol has for a failure; the audit records it.
  ///   - commandLine: what this process was started for, when that is less than all.
  ///   - explain: the sentence and the hint the protocol has for a failure; `diagnose` shows them.
  package init(
    ports: Ports,
    commandLine: Policy? = nil,
    kind: @escaping @Sendable (Failure) -> String,
    explain: @escaping @Sendable (Failure) -> (summary: String, hint: String)
  ) {
    traffic = Traffic(over: ports.http, clock: ports.clock)
    var ports = ports
    ports.http = traffic
    let ring = KeyRing(store: ports.store, keys: ports.keys, clock: ports.clock, lockdown: lockdown)
    wallClock = ports.wallClock
    let cache = TokenCache(
      wallClock: ports.wallClock,
      clock: ports.clock,
      random: ports.random,
      lockdown: lockdown
    )
    audit = AuditTrail(
      sink: ports.audit,
      wallClock: ports.wallClock,
      clock: ports.auditClock,
      random: ports.random,
      kind: kind
    )
    auditVerification = AuditVerification(
      archive: ports.auditArchive,
      digests: ports.digests,
      path: ports.audit.path
    )
    auditQuery = AuditQuery(archive: ports.auditArchive, path: ports.audit.path)
    let rules = RulesAudit(trail: audit, digests: ports.digests)
    let authorization = Authorization(
      profiles: ProfileBook(file: ports.profileFile, clock: ports.clock, audit: rules),
      policy: PolicyBook(file: ports.policyFile, audit: rules),
      commandLine: commandLine
    ) { before, after in
      cache.removeAll { token in after?.allow(token, since: before) != true }
    }
    self.authorization = authorization
    identityDomains = IdentityDomains(wallClock: ports.wallClock, clock: ports.pollClock, kind: kind) {
      authorization.rateLimit(of: $0)
    }
    keys = KeyService(ring: ring, ports: ports)
    mint = AssertionMint(
      ring: ring,
      random: ports.random,
      wallClock: ports.wallClock,
      domains: identityDomains,
      audit: audit
    )
    let exchange = TokenExchange(mint: mint, domains: identityDomains, ports: ports)
    rotation = KeyRotation(
      keys: keys,
      authorization: authorization,
      exchange: exchange,
      wallClock: ports.wallClock
    )
    tokens = TokenService(
      cache: cache,
      exchange: exchange,
      digests: ports.digests,
      clock: ports.clock,
      audit: audit
    )
    inspection = TokenInspection(
      authorization: authorization,
      tokens: tokens,
      domains: identityDomains,
      ports: ports,
      explain: explain
    )
    let requests = UserRequests(
      tokens: tokens,
      http: ports.http,
      refused: RefusedTokens(clock: ports.pollClock, digests: ports.digests)
    )
    registry = AgentRegistry(requests: requests, clock: ports.pollClock, random: ports.random)
    agents = AgentService(
      requests: requests,
      audit: audit,
      ports: ports,
      words: FailureWords(kind: kind, explain: explain)
    )
    api = APIService(
      requests: requests,
      audit: audit,
      clock: ports.pollClock,
      random: ports.random
    )
    diagnosis = Diagnosis(
      authorization: authorization,
      mint: mint,
      exchange: exchange,
      domains: identityDomains,
      ports: ports,
      kind: kind,
      explain: explain
    )
  }

  /// Drops every open key and every token. The next use reads the store again; exchanges under way are not kept.
  package func dropSecrets() {
    keys.ring.forgetAll()
    tokens.cache.removeAll()
  }

  /// Drops every open key and every token, and refuses their use until the process is started again. When it returns
  /// no signature is under way.
  package func lock() async {
    await audit.noting(.lock) {
      await lockdown.close()
      keys.ring.lock()
      tokens.cache.lock()
    }
  }
}
