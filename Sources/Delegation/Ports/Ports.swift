/// All that the domain asks of the world: adapters in the program, fakes in a test.
package struct Ports: Sendable {
  package var store: any SecretStore
  /// Other stores by name. None, when nothing else is set.
  package var stores: any SecretStores
  package var keys: any SigningKeys
  package var digests: any Digests
  package var signatures: any SignatureVerification
  package var http: any HTTPClient
  package var probe: any ConnectionProbe
  package var profileFile: any GuardedFile
  /// Without it there is no such layer.
  package var policyFile: (any GuardedFile)?
  package var audit: any AuditSink
  package var auditArchive: any AuditArchive
  package var wallClock: any WallClock
  package var clock: any MonotonicClock
  /// Between two polls of a run or two exchanges at a domain. A test lets it pass by itself.
  package var pollClock: any MonotonicClock
  /// When a minute of the audit ends.
  package var auditClock: any MonotonicClock
  package var random: any Randomness

  package init(
    store: any SecretStore,
    keys: any SigningKeys,
    digests: any Digests,
    signatures: any SignatureVerification,
    http: any HTTPClient,
    probe: any ConnectionProbe,
    profileFile: any GuardedFile,
    policyFile: (any GuardedFile)?,
    audit: any AuditSink,
    auditArchive: any AuditArchive,
    wallClock: any WallClock,
    clock: any MonotonicClock,
    random: any Randomness
  ) {
    self.store = store
    stores = OwnStore(store: store)
    self.keys = keys
    self.digests = digests
    self.signatures = signatures
    self.http = http
    self.probe = probe
    self.profileFile = profileFile
    self.policyFile = policyFile
    self.audit = audit
    self.auditArchive = auditArchive
    self.wallClock = wallClock
    self.clock = clock
    pollClock = clock
    auditClock = clock
    self.random = random
  }
}
