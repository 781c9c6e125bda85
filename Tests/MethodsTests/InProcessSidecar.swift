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
    profileFile: any GuardedFile = InMemoryGuardedFile("/config.json"),
    keys: any SigningKeys = OpenSSLSigningKeys(),
    http: any HTTPClient,
    clock: PatientClock = PatientClock(ManualClock())
  ) {
    let manual = clock.manual
    let wallClock = Self.wallClock
    let random = SystemRandomness()
    let ring = KeyRing(store: store, keys: keys, clock: manual)
    let mint = AssertionMint(ring: ring, random: random, wallClock: wallClock)
    let exchange = TokenExchange(mint: mint, store: store, http: http, wallClock: wallClock)
    let tokens = TokenService(
      cache: TokenCache(wallClock: wallClock),
      exchange: exchange,
      digests: OpenSSLDigests(),
      clock: manual
    )
    let authorization = Authorization(
      profiles: ProfileBook(file: profileFile, clock: manual),
      policy: PolicyBook(file: nil)
    )
    let services = Services(
      version: "0.0.0",
      isAdmin: isAdmin,
      limits: .standard,
      authorization: authorization,
      keys: KeyService(store: store, ring: ring, keys: keys, random: random, wallClock: wallClock),
      mint: mint,
      tokens: tokens,
      agents: AgentService(tokens: tokens, http: http, wallClock: wallClock, clock: clock, random: random),
      diagnosis: Diagnosis(
        authorization: authorization,
        store: store,
        mint: mint,
        exchange: exchange,
        http: http,
        wallClock: wallClock,
        clock: manual,
        random: random,
        explain: { ResponseError($0).explanation }
      ),
      wallClock: wallClock,
      watchProcess: { _ in }
    )
    self.clock = clock
    loopback = Loopback(routes: methodTable, context: services, clock: manual)
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
