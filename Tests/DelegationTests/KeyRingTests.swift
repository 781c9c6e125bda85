import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Delegation

struct KeyRingTests {
  @Test func aHandleThatNobodyUsesIsDropped() async throws {
    let bench = try await Bench()
    _ = try await bench.ring.open("payables", idle: .seconds(10), deadline: .now)
    #expect(bench.ring.openCount == 1)
    await bench.clock.sleepers(atLeast: 1)
    bench.clock.advance(by: .seconds(11))
    while bench.ring.openCount > 0 { await Task.yield() }
  }

  /// A shorter idle time counts from the moment it is asked for, whoever asked before or asks after.
  @Test func theShortestIdleTimeCounts() async throws {
    let bench = try await Bench()
    _ = try await bench.ring.open("payables", deadline: .now)
    _ = try await bench.ring.open("payables", idle: .seconds(10), deadline: .now)
    _ = try await bench.ring.open("payables", deadline: .now)
    await bench.clock.sleepers(atLeast: 1)
    bench.clock.advance(by: .seconds(11))
    while bench.ring.openCount > 0 { await Task.yield() }
  }

  @Test func eachKeyHasItsOwnIdleTime() async throws {
    let bench = try await Bench()
    let other = KeyService.Creation(alias: "other", binding: Samples.binding)
    _ = try await bench.keys.create(other, for: RecordingCaller())
    _ = try await bench.ring.open("payables", deadline: .now)
    _ = try await bench.ring.open("other", idle: .seconds(10), deadline: .now)
    await bench.clock.sleepers(atLeast: 1)
    bench.clock.advance(by: .seconds(11))
    while bench.ring.openCount > 1 { await Task.yield() }
  }

  /// It signs nothing, and whoever binds it may be another process.
  @Test func aKeyThatIsNotBoundIsNotKept() async throws {
    let bench = try await Bench(binding: nil)
    _ = try await bench.ring.open("payables", deadline: .now)
    #expect(bench.ring.openCount == 0)
  }

  @Test func whoWaitsForALoadMayLeave() async throws {
    let store = SlowStore()
    let ring = KeyRing(store: store, keys: PlainKeys(), clock: ManualClock())
    let first = Task { () throws(Failure) in try await ring.open("payables", deadline: .now) }
    await store.readBegan()
    let second = Task { () throws(Failure) in try await ring.open("payables", deadline: .now) }
    second.cancel()
    await #expect(throws: Failure.abandoned) { try await second.value }
    store.answer(with: nil)
    await #expect(throws: Failure.key(.notFound(alias: "payables"))) { try await first.value }
  }

  @Test func aLoadThatEndsWithAnothersTimeIsBegunAnew() async throws {
    let store = SlowStore()
    let clock = ManualClock()
    let ring = KeyRing(store: store, keys: PlainKeys(), clock: clock)
    let hasty = Task { () throws(Failure) in try await ring.open("payables", deadline: clock.now) }
    await store.readBegan()
    let patient = Task { () throws(Failure) in
      try await ring.open("payables", deadline: clock.now.advanced(by: .seconds(9)))
    }
    while ring.waiterCount(for: "payables") < 2 { await Task.yield() }
    store.answer(with: .timedOut(writing: false))
    await #expect(throws: Failure.store(.timedOut(writing: false), store: "slow")) { try await hasty.value }
    await store.readBegan()
    store.answer(with: nil)
    await #expect(throws: Failure.key(.notFound(alias: "payables"))) { try await patient.value }
  }

  @Test func whoWaitsForALoadWhenItIsLockedIsRefusedAtOnce() async throws {
    let store = SlowStore()
    let lockdown = Lockdown()
    let ring = KeyRing(store: store, keys: PlainKeys(), clock: ManualClock(), lockdown: lockdown)
    let waiting = Task { () throws(Failure) in try await ring.open("payables", deadline: .now) }
    await store.readBegan()
    await lockdown.close()
    ring.lock()
    await #expect(throws: Failure.policy(.locked)) { try await waiting.value }
    store.answer(with: nil)
  }

  /// Memory is locked for so many; the one goes that was not used for longest.
  @Test func moreKeysThanMemoryIsLockedForAreNotHeld() async throws {
    let bench = try await Bench()
    let aliases = (0...KeyRing.maximumOpen).map { "key\($0)" }
    for alias in aliases {
      bench.clock.advance(by: .seconds(1))
      let creation = KeyService.Creation(alias: alias, binding: Samples.binding)
      _ = try await bench.keys.create(creation, for: RecordingCaller())
      _ = try await bench.ring.open(alias, idle: .seconds(3600), deadline: .now)
      _ = try await bench.ring.open("key0", idle: .seconds(3600), deadline: .now)
    }
    #expect(bench.ring.openCount == KeyRing.maximumOpen)
    for alias in aliases { _ = bench.store.delete(SecretItem(.key, alias), deadline: .now) }
    _ = try await bench.ring.open("key0", deadline: .now)
    await #expect(throws: Failure.key(.notFound(alias: "key1"))) { try await bench.ring.open("key1", deadline: .now) }
    _ = try await bench.ring.open("key2", deadline: .now)
  }

  @Test func aForgottenKeyIsReadAgain() async throws {
    let bench = try await Bench()
    _ = try await bench.ring.open("payables", deadline: .now)
    _ = bench.store.delete(SecretItem(.key, "payables"), deadline: .now)
    _ = try await bench.ring.open("payables", deadline: .now)
    bench.ring.forget("payables")
    await #expect(throws: Failure.key(.notFound(alias: "payables"))) {
      try await bench.ring.open("payables", deadline: .now)
    }
  }

  @Test func anItemThatIsNotOursIsUnreadable() async throws {
    let bench = try await Bench()
    try bench.store.write(
      SecretItem(.key, "strange"),
      secret: SecretBytes(copying: Array("hello".utf8)),
      publicAttributes: [:],
      replacing: false,
      deadline: .now
    )
    do {
      _ = try await bench.ring.open("strange", deadline: .now)
      Issue.record("opened")
    } catch Failure.key(.material(.unreadable, let alias)) {
      #expect(alias == "strange")
    }
  }
}

/// A store whose reads are answered when a test says so.
private final class SlowStore: SecretStore {
  let name = "slow"

  private struct State {
    var reads: [CheckedContinuation<StoreFailure?, Never>] = []
    var watcher: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Returns when a read is waiting.
  func readBegan() async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.reads.isEmpty { state.watcher = continuation }
        return !state.reads.isEmpty
      }
      if isThere { continuation.resume() }
    }
  }

  /// Ends all reads: with that failure, else finding nothing.
  func answer(with failure: StoreFailure?) {
    let reads = state.withLock { state in
      defer { state.reads = [] }
      return state.reads
    }
    for read in reads { read.resume(returning: failure) }
  }

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> SecretBytes? {
    let failure = await withCheckedContinuation { continuation in
      let watcher = state.withLock { state in
        state.reads.append(continuation)
        return state.watcher.take()
      }
      watcher?.resume()
    }
    if let failure { throw failure }
    return nil
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) { throw .unavailable(.inputOutput, found: "a write that the test did not plan") }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) throws(StoreFailure) -> Bool {
    throw .unavailable(.inputOutput, found: "a deletion that the test did not plan")
  }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) -> [String] { [] }
}

struct KeyItemTests {
  private let item = KeyItem(
    alias: "payables",
    origin: .generated,
    createdAt: UnixTime(seconds: 1_700_000_000),
    binding: Samples.binding,
    certificateDER: Array("certificate".utf8)
  )
  private let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"

  private func text(_ secret: borrowing SecretBytes) -> String {
    secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test func isHeaderLinesThenKeyThenCertificate() throws {
    let stored = item.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8)))
    #expect(
      text(stored) == """
        OnBehalf-Key: 1
        Alias: payables
        Origin: generated
        Created: 2023-11-14T22:13:20Z
        Identity-Domain: https://idcs-1.identity.oraclecloud.com
        Client-Id: client-1

        -----BEGIN PRIVATE KEY-----
        AAAA
        -----END PRIVATE KEY-----
        -----BEGIN CERTIFICATE-----
        Y2VydGlmaWNhdGU=
        -----END CERTIFICATE-----

        """
    )
    #expect(try KeyItem(parsing: stored, alias: "payables") == item)
  }

  @Test func aNewHeaderLeavesTheKeyAsItIs() throws {
    var unbound = item
    unbound.binding = nil
    let before = unbound.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8)))
    let after = item.replacingHeader(of: before)
    #expect(text(after) == text(item.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8)))))
  }

  @Test(arguments: [
    ("OnBehalf-Key: 1", "OnBehalf-Key: 2"),
    ("Alias: payables", "Alias: other"),
    ("Alias: payables", "Alias payables"),
    ("Alias: payables", "Alias: payables\nAlias: payables"),
    ("Alias: payables", "Alias: payables\nUses: 7"),
    ("Origin: generated", "Origin: found"),
    ("Created: 2023-11-14T22:13:20Z", "Created: yesterday"),
    ("Client-Id: client-1\n", ""),
    ("BEGIN CERTIFICATE", "BEGIN CERT"),
    ("Y2VydGlmaWNhdGU=", "Y2Vyd!"),
  ])
  func everyChangeIsRefused(_ from: String, _ to: String) throws {
    let stored = text(item.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8))))
    let start = try #require(stored.range(of: from))
    let changed = stored.replacingCharacters(in: start, with: to)
    #expect(throws: KeyFailure.self) {
      try KeyItem(parsing: SecretBytes(copying: Array(changed.utf8)), alias: "payables")
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let stored = text(item.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8))))
    for length in 0..<(stored.utf8.count - 1) {
      #expect(throws: KeyFailure.self) {
        try KeyItem(parsing: SecretBytes(copying: Array(stored.utf8.prefix(length))), alias: "payables")
      }
    }
  }
}
