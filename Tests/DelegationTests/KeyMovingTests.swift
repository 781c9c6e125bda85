import Delegation
import JSON
import Synchronization
import TestSupport
import Testing

struct KeyMovingTests {
  private let secret = SecretItem(.clientSecret, "client-1@https://idcs-1.identity.oraclecloud.com")

  private func move(_ aliases: [String]? = nil, to target: String = "file:/target") -> KeyMove {
    KeyMove(from: KeyMove.Place("memory"), to: KeyMove.Place(target), aliases: aliases)
  }

  @Test func everythingMoves() async throws {
    let two = try await TwoStores()
    try await two.put("client secret", as: secret, into: two.source)
    let before = try await two.content(of: two.source)
    let moved = try await two.keys().move(move(), for: RecordingCaller())
    #expect(moved.aliases == ["payables", "receivables"] && moved.clientSecrets == 1)
    #expect(try await two.content(of: two.source).isEmpty)
    #expect(try await two.content(of: two.target) == before)
    #expect(two.target.attributes(of: secret)["client-id"] == "client-1")
    #expect(two.target.attributes(of: SecretItem(.key, "payables"))["client-id"] == "client-1")
  }

  @Test func onlyTheKeysThatAreNamedMove() async throws {
    let two = try await TwoStores()
    try await two.put("client secret", as: secret, into: two.source)
    let keys = two.keys()
    let moved = try await keys.move(move(["payables", "payables"]), for: RecordingCaller())
    #expect(moved.aliases == ["payables"] && moved.clientSecrets == 0)
    #expect(try await two.target.names(of: .key, deadline: .soon) == ["payables"])
    #expect(try await two.source.names(of: .key, deadline: .soon) == ["receivables"])
    #expect(try await two.source.names(of: .clientSecret, deadline: .soon) == [secret.name])
  }

  @Test func anOpenHandleIsDropped() async throws {
    let two = try await TwoStores()
    let keys = two.keys()
    _ = try await keys.get("payables", deadline: .soon)
    #expect(keys.ring.openCount == 1)
    _ = try await keys.move(move(), for: RecordingCaller())
    #expect(keys.ring.openCount == 0)
    await #expect(throws: Failure.key(.notFound(alias: "payables"))) {
      _ = try await keys.get("payables", deadline: .soon)
    }
  }

  /// Whatever fails, at whichever call, before or after it had its effect: nothing is lost, and the next move completes.
  @Test func interruptedAnywhereItIsCompletedByTheNext() async throws {
    let whole = try await TwoStores()
    try await whole.put("client secret", as: secret, into: whole.source)
    let everything = try await whole.content(of: whole.source)
    whole.faults.count = 0
    _ = try await whole.keys().move(move(), for: RecordingCaller())
    let calls = whole.faults.count
    #expect(calls > 20)

    for call in 0..<calls {
      for isAfter in [false, true] {
        let two = try await TwoStores()
        for (item, content) in everything { try await two.put(content, as: item, into: two.source, replacing: true) }
        two.faults.arm(at: call, after: isAfter)
        await #expect(throws: Failure.self, "call \(call)") {
          try await two.keys().move(move(), for: RecordingCaller())
        }
        two.faults.disarm()
        for (item, content) in everything {
          let (here, there) = (try await two.text(item, two.source), try await two.text(item, two.target))
          #expect(here == content || there == content, "\(item) after call \(call)")
          #expect((here ?? content) == content && (there ?? content) == content)
        }
        _ = try await two.keys().move(move(), for: RecordingCaller())
        let found = try await two.content(of: two.target).filter { $0.key.kind != .trial }
        #expect(found == everything, "after call \(call)")
        #expect(try await two.content(of: two.source).isEmpty, "after call \(call)")
      }
    }
  }

  @Test func aliasesThatWereMovedAlreadyCountAsMoved() async throws {
    let two = try await TwoStores()
    _ = try await two.keys().move(move(["payables"]), for: RecordingCaller())
    let again = try await two.keys().move(move(["payables", "receivables"]), for: RecordingCaller())
    #expect(again.aliases == ["payables", "receivables"])
    await #expect(throws: Failure.key(.notFound(alias: "absent"))) {
      _ = try await two.keys().move(move(["absent"]), for: RecordingCaller())
    }
  }

  @Test(arguments: [SecretItem(.key, "receivables"), SecretItem(.clientSecret, "client-1@https://domain.example")])
  func anotherItemOfThatNameStopsTheMoveBeforeItBegins(item: SecretItem) async throws {
    let two = try await TwoStores()
    if item.kind == .clientSecret { try await two.put("one", as: item, into: two.source) }
    try await two.put("another", as: item, into: two.target)
    let before = try await two.content(of: two.source)
    await #expect(throws: Failure.key(.occupied(item, store: "file:/target"))) {
      _ = try await two.keys().move(move(), for: RecordingCaller())
    }
    #expect(try await two.content(of: two.source) == before)
    #expect(try await two.content(of: two.target) == [item: "another"])
  }

  @Test func aStoreIsNotMovedOntoItself() async throws {
    let two = try await TwoStores()
    let before = try await two.content(of: two.source)
    for name in ["memory", "file:/link-to-source"] {
      await #expect(throws: Failure.params(ParamsFailure("toStore", "must be another store than fromStore"))) {
        _ = try await two.keys().move(move(to: name), for: RecordingCaller())
      }
    }
    #expect(try await two.content(of: two.source) == before)
  }

  @Test func aBindingThatIsMadeMeanwhileMoves() async throws {
    let two = try await TwoStores(binding: nil)
    let rival = two.keys()
    two.target.onFirstKey {
      try await rival.bind("payables", to: Samples.binding, for: RecordingCaller())
    }
    _ = try await two.keys().move(move(["payables"]), for: RecordingCaller())
    #expect(try await two.text(SecretItem(.key, "payables"), two.target)?.contains("Client-Id: client-1\n") == true)
  }

  @Test func whoLeavesIsToldWhatWasMoved() async throws {
    let two = try await TwoStores()
    let caller = RecordingCaller()
    _ = try await two.keys().move(move(), for: caller)
    #expect(caller.detailOnLeaving == ["outcome": "unknown", "moved": ["payables"]])
    caller.leave()
    let late = try await TwoStores()
    await #expect(throws: Failure.abandoned) { _ = try await late.keys().move(move(), for: caller) }
    #expect(try await late.content(of: late.target).isEmpty)
  }
}

/// Two stores in memory, with two keys in the first, and faults that meet the calls of both.
private struct TwoStores: SecretStores {
  let faults: Faults
  let source: WatchedStore
  let target: WatchedStore
  private let bench: Bench

  init(binding: KeyBinding? = Samples.binding) async throws {
    faults = Faults()
    source = WatchedStore("memory", faults)
    target = WatchedStore("file:/target", faults)
    bench = try await Bench()
    for alias in ["payables", "receivables"] {
      _ = try await keys().create(KeyService.Creation(alias: alias, binding: binding), for: RecordingCaller())
    }
  }

  /// As of another process.
  func keys() -> KeyService {
    var ports = bench.ports
    ports.store = source
    ports.stores = self
    return Domain(ports: ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }.keys
  }

  func store(named name: String, passphraseFile: String?) -> (any SecretStore)? {
    switch name {
    case source.name, "file:/link-to-source": source
    case target.name: target
    case _: nil
    }
  }

  func passphrase(inFile path: String) throws(StoreFailure) -> SecretBytes {
    throw .unavailable(.noPassphrase, found: path)
  }

  func put(_ text: String, as item: SecretItem, into store: WatchedStore, replacing: Bool = false) async throws {
    let secret = SecretBytes(copying: text.utf8)
    try await store.write(item, secret: secret, publicAttributes: [:], replacing: replacing, deadline: .soon)
  }

  func text(_ item: SecretItem, _ store: WatchedStore) async throws -> String? {
    guard let secret = try await store.read(item, deadline: .soon) else { return nil }
    return secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  func content(of store: WatchedStore) async throws -> [SecretItem: String] {
    var content: [SecretItem: String] = [:]
    for kind in SecretItem.Kind.allCases {
      for name in try await store.names(of: kind, deadline: .soon) {
        let item = SecretItem(kind, name)
        content[item] = try await text(item, store)
      }
    }
    return content
  }
}

/// Which call of a store fails, counted over all stores that share it.
private final class Faults: Sendable {
  private let state = Mutex<(count: Int, failing: Int?, isAfter: Bool)>((0, nil, false))

  var count: Int {
    get { state.withLock { $0.count } }
    set { state.withLock { $0.count = newValue } }
  }

  func arm(at call: Int, after isAfter: Bool) { state.withLock { $0 = (0, call, isAfter) } }

  func disarm() { state.withLock { $0.failing = nil } }

  func meet<Value: ~Copyable>(_ body: () async throws(StoreFailure) -> Value) async throws(StoreFailure) -> Value {
    let (isDue, isAfter) = state.withLock { state in
      defer { state.count += 1 }
      return (state.failing == state.count, state.isAfter)
    }
    if isDue, !isAfter { throw .unavailable(.noService, found: "killed before") }
    let value = try await body()
    if isDue { throw .timedOut(writing: true) }
    return value
  }
}

private final class WatchedStore: SecretStore {
  let name: String
  private let store = MemoryStore()
  private let faults: Faults
  private let attributes = Mutex<[SecretItem: [String: String]]>([:])
  private let interruption = Mutex<(@Sendable () async throws -> Void)?>(nil)

  init(_ name: String, _ faults: Faults) {
    self.name = name
    self.faults = faults
  }

  func attributes(of item: SecretItem) -> [String: String] { attributes.withLock { $0[item] ?? [:] } }

  /// What somebody else does right after the first key was written here.
  func onFirstKey(_ body: @escaping @Sendable () async throws -> Void) { interruption.withLock { $0 = body } }

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> SecretBytes? {
    try await faults.meet { store.read(item, deadline: deadline) }
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) {
    let copy = secret.withUnsafeBytes { SecretBytes(copying: $0) }
    try await faults.meet { () throws(StoreFailure) in
      try store.write(
        item,
        secret: copy,
        publicAttributes: publicAttributes,
        replacing: replacing,
        deadline: deadline
      )
    }
    attributes.withLock { $0[item] = publicAttributes }
    guard item.kind == .key else { return }
    do { try await interruption.withLock { $0.take() }?() } catch { Issue.record(error) }
  }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> Bool {
    try await faults.meet { store.delete(item, deadline: deadline) }
  }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> [String] {
    try await faults.meet { store.names(of: kind, deadline: deadline) }
  }
}

extension ContinuousClock.Instant {
  fileprivate static var soon: ContinuousClock.Instant { .now.advanced(by: .seconds(60)) }
}
