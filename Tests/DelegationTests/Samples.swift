import Delegation
import JSON
import TestSupport

/// What most tests begin with: one valid profile, and the domain's parts over fakes.
enum Samples {
  /// The kind of an error, as the audit records it: the methods have the real ones.
  static func kind(_ failure: Failure) -> String { if case .policy = failure { "denied" } else { "failed" } }

  static let scope = "urn:opc:resource:fusion:dev5:fusion-ai/"

  static let profileJSON: JSONValue = [
    "name": "dev5",
    "identityDomainUrl": "https://idcs-1.identity.oraclecloud.com",
    "clientId": "client-1",
    "clientAuthentication": "client_assertion",
    "key": "payables",
    "scope": .string(scope),
    "fusionUrl": "https://pod.fa.us6.oraclecloud.com",
    "policy": ["subjects": ["allow": ["*"], "deny": ["admin"]]],
  ]

  static func profile(_ change: (inout Profile) -> Void = { _ in }) throws -> Profile {
    var profile = try JSONReader.decode(Profile.self, from: profileJSON, unknownMembers: .refused)
    change(&profile)
    return profile
  }

  static let binding = KeyBinding(
    identityDomainUrl: "https://idcs-1.identity.oraclecloud.com",
    clientId: "client-1"
  )

  /// An unsigned token as the identity domain shapes them.
  static func token(_ claims: JSONValue) -> String {
    let parts = [["alg": "RS256"], claims].map { (value: JSONValue) in Base64.encode(value.serialized(), as: .url) }
    return (parts + ["c2ln"]).joined(separator: ".")
  }

  static func userToken(_ subject: String, scope: String = scope) -> String {
    token([
      "tok_type": "AT", "sub_type": "user", "sub": .string(subject), "scope": .string(scope),
      "aud": "urn:opc:resource:fusion:dev5:", "iat": 1_700_000_000, "exp": 1_700_003_600,
    ])
  }

  static func grant(_ token: String, expiresIn: String = "3600") -> String {
    #"{"access_token":"\#(token)","token_type":"Bearer","expires_in":\#(expiresIn)}"#
  }
}

extension ProfileBook {
  /// For tests in which nobody waits for a lock.
  convenience init(file: any GuardedFile) { self.init(file: file, clock: ManualClock()) }
}

/// The domain over fakes, with one key in the store.
struct Bench {
  let http = ScriptedHTTP()
  let probe = ScriptedProbe()
  let wallClock = FixedWallClock()
  let clock = ManualClock()
  let random = CountingRandomness()
  let store = MemoryStore()
  let audit = InMemoryAudit()
  let ports: Ports
  let domain: Domain

  var mint: AssertionMint { domain.mint }
  var tokens: TokenService { domain.tokens }
  var agents: AgentService { domain.agents }
  var keys: KeyService { domain.keys }
  var ring: KeyRing { domain.keys.ring }

  init(
    binding: KeyBinding? = Samples.binding,
    profileFile: any GuardedFile = InMemoryGuardedFile("/config.json"),
    policyFile: (any GuardedFile)? = nil
  ) async throws {
    var ports = Ports(
      store: store,
      keys: PlainKeys(),
      digests: PlainDigests(),
      signatures: PlainSignatures(),
      http: http,
      probe: probe,
      profileFile: profileFile,
      policyFile: policyFile,
      audit: audit,
      auditArchive: audit,
      wallClock: wallClock,
      clock: clock,
      random: random
    )
    // What sleeps there is not counted among those that tests wait for.
    ports.auditClock = ManualClock()
    self.ports = ports
    domain = Domain(ports: ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }
    _ = try await keys.create(KeyService.Creation(alias: "payables", binding: binding), for: RecordingCaller())
  }

  func permit(
    _ subject: String = "curtis.feitty",
    userToken: String? = nil,
    profile: Profile? = nil,
    policy: PolicyBook = PolicyBook(file: nil)
  ) throws -> Authorization.Permit {
    let profile = try profile ?? Samples.profile()
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json"))
    book.give(ProfileFile(defaultProfile: profile.name, profiles: [profile.name: profile]))
    return try Authorization(profiles: book, policy: policy)
      .permit(profile: nil, subject: userToken == nil ? subject : nil, userToken: userToken, deadline: .now)
  }
}
