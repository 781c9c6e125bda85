import CurlHTTP
import Delegation
import JSONRPC
import LocalFiles
import Methods
import OpenSSLKeys

/// Builds the domain from its adapters.
struct Composition {
  static let version = "0.1.0"

  let store: any SecretStore
  let profileFile: any GuardedFile
  let policyFile: (any GuardedFile)?
  let proxy: String?
  let noProxy: String?

  func services(
    isAdmin: Bool,
    limits: Limits,
    watchProcess: @escaping @Sendable (Int32) -> Void
  ) -> Services {
    let clock = ContinuousClock()
    let wallClock = SystemWallClock()
    let random = SystemRandomness()
    let signingKeys = OpenSSLSigningKeys()
    let http = CurlHTTPClient(
      CurlHTTPClient.Configuration(userAgent: "onbehalf/\(Self.version)", proxy: proxy, noProxy: noProxy)
    )
    let ring = KeyRing(store: store, keys: signingKeys, clock: clock)
    let mint = AssertionMint(ring: ring, random: random, wallClock: wallClock)
    let exchange = TokenExchange(mint: mint, store: store, http: http, wallClock: wallClock)
    let tokens = TokenService(
      cache: TokenCache(wallClock: wallClock),
      exchange: exchange,
      digests: OpenSSLDigests(),
      clock: clock
    )
    let authorization = Authorization(
      profiles: ProfileBook(file: profileFile, clock: clock),
      policy: PolicyBook(file: policyFile)
    )
    return Services(
      version: Self.version,
      isAdmin: isAdmin,
      limits: limits,
      authorization: authorization,
      keys: KeyService(store: store, ring: ring, keys: signingKeys, random: random, wallClock: wallClock),
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
        clock: clock,
        random: random,
        explain: { ResponseError($0).explanation }
      ),
      wallClock: wallClock,
      watchProcess: watchProcess
    )
  }
}
