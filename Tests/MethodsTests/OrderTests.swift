import Delegation
import JSON
import Synchronization
import TestSupport
import Testing

/// A store whose writes of one key wait until a test lets them go on.
private final class SlowStore: SecretStore {
  private let store = MemoryStore()
  private let slow: SecretItem
  private let gate = Mutex<(isOpen: Bool, waiter: CheckedContinuation<Void, Never>?)>((false, nil))

  init(slow alias: String) { slow = SecretItem(.key, alias) }

  let name = "memory"

  func open() {
    let waiter = gate.withLock { gate in
      gate.isOpen = true
      return gate.waiter
    }
    waiter?.resume()
  }

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) -> SecretBytes? {
    store.read(item, deadline: deadline)
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) {
    if item == slow { await pass() }
    try store.write(
      item,
      secret: secret,
      publicAttributes: publicAttributes,
      replacing: replacing,
      deadline: deadline
    )
  }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) -> Bool { store.delete(item, deadline: deadline) }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) -> [String] {
    store.names(of: kind, deadline: deadline)
  }

  private func pass() async {
    await withCheckedContinuation { waiter in
      let isOpen = gate.withLock { gate in
        if !gate.isOpen { gate.waiter = waiter }
        return gate.isOpen
      }
      if isOpen { waiter.resume() }
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct OrderTests {
  private let http = ScriptedHTTP()
  private let store = SlowStore(slow: "slow")
  private let sidecar: InProcessSidecar

  init() { sidecar = InProcessSidecar(isAdmin: true, store: store, keys: PlainKeys(), http: http) }

  /// `createKey`, `saveProfile` and `getToken` for the same names, one per line.
  private func onboarding(_ name: String) -> [String] {
    [
      #"{"jsonrpc":"2.0","id":"\#(name) key","method":"createKey","params":{"alias":"\#(name)"}}"#,
      #"""
      {"jsonrpc":"2.0","id":"\#(name) profile","method":"saveProfile","params":{"profile":{"name":"\#(name)",\#
      "identityDomainUrl":"https://idcs-1.identity.oraclecloud.com","clientId":"client-1",\#
      "clientAuthentication":"client_assertion","key":"\#(name)","scope":"urn:opc:resource:fusion:dev5:fusion-ai/",\#
      "fusionUrl":"https://pod.fa.us6.oraclecloud.com","policy":{"subjects":{"allow":["*"]}}}}}
      """#,
      #"""
      {"jsonrpc":"2.0","id":"\#(name) token","method":"getToken",\#
      "params":{"profile":"\#(name)","subject":"curtis.feitty"}}
      """#,
    ]
  }

  private func planToken() throws {
    let tokens = try InProcessTokens(now: InProcessSidecar.wallClock.now())
    let scope = "urn:opc:resource:fusion:dev5:fusion-ai/"
    let token = tokens.accessToken(user: "curtis.feitty", clientId: "client-1", scope: scope, changes: [])
    http.plan(200, #"{"access_token":"\#(token)","token_type":"Bearer","expires_in":3600}"#)
  }

  /// The id of the next answer, which must be a result.
  private func nextResult() async throws -> String {
    let answer = try JSONValue(parsing: Array(await sidecar.loopback.next().utf8))
    _ = try #require(answer["result"], "\(answer)")
    guard case .string(let id)? = answer["id"] else { return "" }
    return id
  }

  @Test func whatIsPipelinedForTheSameNamesHappensInOrder() async throws {
    try planToken()
    sidecar.loopback.write(onboarding("dev5").map { $0 + "\n" }.joined())
    for expected in ["dev5 key", "dev5 profile", "dev5 token"] {
      #expect(try await nextResult() == expected)
    }
    #expect(await sidecar.close().isEmpty)
  }

  @Test func aRotationHoldsWhatComesAfterIt() async throws {
    try planToken()
    let steps = ["start", "finish"].map { step in
      #"{"jsonrpc":"2.0","id":"\#(step)","method":"rotateKey","params":{"alias":"dev5","step":"\#(step)"}}"#
    }
    let onboarding = onboarding("dev5")
    let lines = onboarding.prefix(2) + steps + onboarding.suffix(1)
    sidecar.loopback.write(lines.map { $0 + "\n" }.joined())
    for expected in ["dev5 key", "dev5 profile", "start", "finish", "dev5 token"] {
      #expect(try await nextResult() == expected)
    }
    let form = String(decoding: try #require(http.requests.first?.body), as: UTF8.self)
    let header = try #require(form.firstMatch(of: #/&assertion=([^.]*)\./#))
    let decoded = try #require(Base64.decode(header.1.utf8, as: .url))
    #expect(try JSONValue(parsing: decoded)["kid"] == "dev5-2")
    #expect(await sidecar.close().isEmpty)
  }

  @Test func aSlowKeyHoldsUpNobodyElse() async throws {
    try planToken()
    try planToken()
    sidecar.loopback.write((onboarding("slow") + onboarding("dev5")).map { $0 + "\n" }.joined())
    for expected in ["dev5 key", "dev5 profile", "dev5 token"] {
      #expect(try await nextResult() == expected)
    }
    #expect(sidecar.loopback.unread.isEmpty)
    store.open()
    for expected in ["slow key", "slow profile", "slow token"] {
      #expect(try await nextResult() == expected)
    }
    #expect(await sidecar.close().isEmpty)
  }
}
