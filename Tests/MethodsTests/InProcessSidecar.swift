import Delegation
import JSONRPC
import Methods
import OpenSSLKeys
import ProtocolKit
import TestSupport

/// The product in one process: the server, its methods and the domain, over the ports a test gives.
struct InProcessSidecar {
  let loopback: Loopback<Services>
  private let clock: PatientClock

  /// When the certificates of protocol/vectors are valid.
  static let wallClock = FixedWallClock(UnixTime(seconds: 1_795_558_400))

  init(
    isAdmin: Bool = false,
    store: any SecretStore = MemoryStore(),
    stores: (any SecretStores)? = nil,
    profileFile: any GuardedFile = InMemoryGuardedFile("/config.json"),
    policyFile: (any GuardedFile)? = nil,
    keys: any SigningKeys = OpenSSLSigningKeys(),
    http: any HTTPClient,
    audit: InMemoryAudit = InMemoryAudit(digests: OpenSSLDigests()),
    clock: PatientClock = PatientClock(ManualClock())
  ) {
    var ports = Ports(
      store: store,
      keys: keys,
      digests: OpenSSLDigests(),
      signatures: OpenSSLSignatureVerification(),
      http: http,
      probe: ScriptedProbe(),
      profileFile: profileFile,
      policyFile: policyFile,
      audit: audit,
      auditArchive: audit,
      wallClock: Self.wallClock,
      clock: clock.manual,
      random: SystemRandomness()
    )
    ports.pollClock = clock
    if let stores { ports.stores = stores }
    let statistics = SessionStatistics()
    let services = Services(
      version: "0.0.0",
      libraries: LibraryVersions(libcurl: "1.2.3", openssl: "4.5.6"),
      host: HostFacts(system: "Linux", options: ["--store"]),
      isAdmin: isAdmin,
      limits: .standard,
      statistics: statistics,
      ports: ports
    ) { _ in }
    self.clock = clock
    loopback = Loopback(routes: methodTable, context: services, clock: clock.manual, statistics: statistics)
  }

  /// Ends the input, and returns what the client has not read when all is answered.
  func close() async -> [String] {
    // Whatever still sleeps, a fault of the domain among it, wakes.
    loopback.clock.advance(by: .seconds(86_400))
    loopback.close()
    _ = await loopback.ending()
    return loopback.unread
  }
}

extension InProcessSidecar: TranscriptChannel {
  func send(_ message: [UInt8]) { loopback.send(String(decoding: message, as: UTF8.self)) }

  func receive() async -> [UInt8] {
    if loopback.unread.isEmpty {
      Array(await clock.whileClientWaits { await loopback.next() }.utf8)
    } else {
      Array(await loopback.next().utf8)
    }
  }
}
