import Delegation
import Synchronization
import TestSupport
import Testing

struct KeyBindingTests {
  private let elsewhere = KeyBinding(identityDomainUrl: "https://somebody.example", clientId: "client-1")

  /// What another sidecar over the same store does: its own ring, the same items.
  private func other(_ bench: Bench) -> KeyService {
    Domain(ports: bench.ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }.keys
  }

  @Test func aKeyIsBoundOnce() async throws {
    let bench = try await Bench(binding: nil)
    try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    #expect(try await bench.keys.get("payables", deadline: .now).item.binding == Samples.binding)
    let refusal = PolicyFailure.keyBound(alias: "payables", to: Samples.binding, asked: elsewhere)
    await #expect(throws: Failure.policy(refusal)) {
      try await bench.keys.bind("payables", to: elsewhere, for: RecordingCaller())
    }
  }

  @Test func aBindingFixedByAnotherSidecarStays() async throws {
    let bench = try await Bench(binding: nil)
    #expect(try await bench.keys.get("payables", deadline: .now).item.binding == nil)
    try await other(bench).bind("payables", to: Samples.binding, for: RecordingCaller())
    let refusal = PolicyFailure.keyBound(alias: "payables", to: Samples.binding, asked: elsewhere)
    await #expect(throws: Failure.policy(refusal)) {
      try await bench.keys.bind("payables", to: elsewhere, for: RecordingCaller())
    }
    #expect(try await bench.keys.get("payables", deadline: .now).item.binding == Samples.binding)
  }

  /// An item that another program wrote may go on behind its certificate; cutting it at the wrong place would lose the key.
  @Test func anItemThatWouldNotOpenIsNotWritten() async throws {
    let bench = try await Bench(binding: nil)
    let item = SecretItem(.key, "payables")
    let longer = try #require(content(of: item, bench)) + Array("certificates of others".utf8)
    try bench.store.write(
      item,
      secret: SecretBytes(copying: longer),
      publicAttributes: [:],
      replacing: true,
      deadline: .now
    )
    await #expect(throws: Failure.self) {
      try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    }
    #expect(content(of: item, bench) == longer)
  }

  private func content(of item: SecretItem, _ bench: Bench) -> [UInt8]? {
    guard let secret = bench.store.read(item, deadline: .now) else { return nil }
    return secret.withUnsafeBytes { Array($0) }
  }

  /// Two sidecars that find the key unbound and bind it at once: one of them does, and the other is told.
  @Test func ofTwoBindingsAtOnceOneStays() async throws {
    let bench = try await Bench(binding: nil)
    let rival = other(bench)
    let store = InterruptedStore(bench.store) {
      try await rival.bind("payables", to: Samples.binding, for: RecordingCaller())
    }
    var ports = bench.ports
    ports.store = store
    let keys = Domain(ports: ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }.keys
    let refusal = PolicyFailure.keyBound(alias: "payables", to: Samples.binding, asked: elsewhere)
    await #expect(throws: Failure.policy(refusal)) {
      try await keys.bind("payables", to: elsewhere, for: RecordingCaller())
    }
    #expect(try await bench.keys.get("payables", deadline: .now).item.binding == Samples.binding)
  }

  @Test func aKeyMadeAnewByAnotherSidecarIsBoundWhole() async throws {
    let bench = try await Bench(binding: nil)
    _ = try await bench.keys.get("payables", deadline: .now)
    try await other(bench).delete("payables", for: RecordingCaller())
    let anew = KeyService.Creation(alias: "payables", commonName: "a much longer name than the one before")
    let made = try await other(bench).create(anew, for: RecordingCaller())
    try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    let kept = try await bench.keys.get("payables", deadline: .now).item
    #expect(kept.certificateDER == made.item.certificateDER)
    #expect(kept.binding == Samples.binding)
  }

  @Test func aKeyDeletedByAnotherSidecarIsNotFound() async throws {
    let bench = try await Bench(binding: nil)
    _ = try await bench.keys.get("payables", deadline: .now)
    try await other(bench).delete("payables", for: RecordingCaller())
    await #expect(throws: Failure.key(.notFound(alias: "payables"))) {
      try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    }
  }
}

/// A store in which somebody else gets in once, between the first read of an item and whatever follows it.
private final class InterruptedStore: SecretStore {
  private let store: MemoryStore
  private let interruption: Mutex<(@Sendable () async throws -> Void)?>

  init(_ store: MemoryStore, by interruption: @escaping @Sendable () async throws -> Void) {
    self.store = store
    self.interruption = Mutex(interruption)
  }

  var name: String { store.name }

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> SecretBytes? {
    let found = store.read(item, deadline: deadline)
    do { try await interruption.withLock { $0.take() }?() } catch { Issue.record(error) }
    return found
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) {
    try store.write(
      item,
      secret: secret,
      publicAttributes: publicAttributes,
      replacing: replacing,
      deadline: deadline
    )
  }

  func replace(
    _ item: SecretItem,
    holding expected: borrowing SecretBytes,
    with secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    deadline: ContinuousClock.Instant
  ) -> Bool {
    store.replace(item, holding: expected, with: secret, publicAttributes: publicAttributes, deadline: deadline)
  }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) -> Bool { store.delete(item, deadline: deadline) }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) -> [String] {
    store.names(of: kind, deadline: deadline)
  }
}
