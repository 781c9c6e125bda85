import Delegation
import TestSupport
import Testing

struct KeyListTests {
  @Test func aKeyThatCannotBeReadIsNamedAndHidesNoOther() async throws {
    let bench = try await Bench()
    _ = try await bench.keys.create(KeyService.Creation(alias: "receivables"), for: RecordingCaller())
    try bench.store.write(
      SecretItem(.key, "damaged"),
      secret: SecretBytes(copying: "not a key".utf8),
      publicAttributes: [:],
      replacing: false,
      deadline: .now
    )
    let list = try await bench.keys.list(deadline: .now.advanced(by: .seconds(60)), \.item.alias)
    #expect(list.keys == ["payables", "receivables"])
    #expect(list.unreadable.map(\.alias) == ["damaged"])
    let found = "an item without the header of an OnBehalf key"
    #expect(list.unreadable.map(\.failure) == [.key(.material(.unreadable(found: found), alias: "damaged"))])
  }

  @Test(arguments: [
    StoreFailure.unavailable(.noBus, found: "no bus"), .locked(found: "locked"), .timedOut(writing: false),
  ])
  func aStoreThatFailsIsNoShorterList(failure: StoreFailure) async throws {
    let bench = try await Bench()
    var ports = bench.ports
    ports.store = FailingStore(names: ["payables"], failure: failure)
    let keys = Domain(ports: ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }.keys
    await #expect(throws: Failure.store(failure, store: "failing")) {
      _ = try await keys.list(deadline: bench.clock.now, \.item.alias)
    }
  }

  @Test func anItemThatIsDamagedInTheStoreIsNamed() async throws {
    let bench = try await Bench()
    var ports = bench.ports
    let corrupt = StoreFailure.corrupt(found: "an entry")
    ports.store = FailingStore(names: ["payables"], failure: corrupt)
    let keys = Domain(ports: ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }.keys
    let list = try await keys.list(deadline: .now.advanced(by: .seconds(60)), \.item.alias)
    #expect(list.keys.isEmpty && list.unreadable.map(\.failure) == [.store(corrupt, store: "failing")])
  }
}

/// A store that knows names and cannot read.
private struct FailingStore: SecretStore {
  let name = "failing"
  let names: [String]
  let failure: StoreFailure

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) throws(StoreFailure) -> SecretBytes? {
    throw failure
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) { throw failure }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) throws(StoreFailure) -> Bool { throw failure }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) -> [String] { names }
}
