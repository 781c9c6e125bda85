import Delegation
import Testing

@Suite struct MemoryStoreTests {
  let store: any SecretStore = MemoryStore()
  let item = SecretItem(.key, "b")
  let deadline = ContinuousClock.now.advanced(by: .seconds(60))

  private func write(_ bytes: [UInt8], as item: SecretItem, replacing: Bool = false) async throws(StoreFailure) {
    let secret = SecretBytes(copying: bytes)
    try await store.write(item, secret: secret, publicAttributes: [:], replacing: replacing, deadline: deadline)
  }

  private func read(_ item: SecretItem) async throws(StoreFailure) -> [UInt8]? {
    guard let secret = try await store.read(item, deadline: deadline) else { return nil }
    return secret.withUnsafeBytes { Array($0) }
  }

  @Test func itemsAreKeptByKindAndName() async throws {
    #expect(store.name == "memory")
    try await write([1], as: item)
    try await write([2], as: SecretItem(.key, "a"))
    try await write([3], as: SecretItem(.clientSecret, "b"))
    #expect(try await read(item) == [1])
    #expect(try await read(SecretItem(.clientSecret, "b")) == [3])
    #expect(try await read(SecretItem(.trial, "b")) == nil)
    #expect(try await store.names(of: .key, deadline: deadline) == ["a", "b"])
  }

  @Test func existingItemIsReplacedOnlyWhenAsked() async throws {
    try await write([1], as: item)
    await #expect(throws: StoreFailure.exists) { try await write([2], as: item) }
    #expect(try await read(item) == [1])
    try await write([2], as: item, replacing: true)
    #expect(try await read(item) == [2])
  }

  @Test func itemIsReplacedOnlyWhenItIsUnchanged() async throws {
    func replace(_ expected: [UInt8], with bytes: [UInt8]) async throws -> Bool {
      try await store.replace(
        item,
        holding: SecretBytes(copying: expected),
        with: SecretBytes(copying: bytes),
        publicAttributes: [:],
        deadline: deadline
      )
    }
    #expect(try await !replace([1], with: [2]))
    #expect(try await read(item) == nil)
    try await write([1], as: item)
    for other: [UInt8] in [[], [2], [1, 0]] { #expect(try await !replace(other, with: [3])) }
    #expect(try await read(item) == [1])
    #expect(try await replace([1], with: [2]))
    #expect(try await read(item) == [2])
  }

  @Test func deletedItemIsGone() async throws {
    try await write([1], as: item)
    #expect(try await store.delete(item, deadline: deadline) == true)
    #expect(try await store.delete(item, deadline: deadline) == false)
    #expect(try await read(item) == nil)
  }
}
