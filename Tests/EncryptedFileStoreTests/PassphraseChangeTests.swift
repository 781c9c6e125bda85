import Delegation
import EncryptedFileStore
import TestSupport
import Testing

@Suite struct PassphraseChangeTests {
  let item = SecretItem(.key, "a")
  let test = StoreUnderTest()

  private func change(_ test: StoreUnderTest, to passphrase: String) async throws(StoreFailure) {
    try await test.store.changePassphrase(to: SecretBytes(copying: passphrase.utf8), deadline: .soon)
  }

  @Test func everythingOpensWithTheNewPassphraseAlone() async throws {
    let items = [item, SecretItem(.key, "b"), SecretItem(.clientSecret, "a")]
    for item in items { try await test.write("secret of \(item)", as: item, attributes: ["x": "y"]) }
    let before = try #require(test.file.bytes)
    try await change(test, to: "new")
    // Under the keys that are held, although its passphrase file still has the old one.
    for item in items { #expect(try await test.read(item) == "secret of \(item)") }
    let reader = StoreUnderTest(test.file, passphrase: "new")
    for item in items { #expect(try await reader.read(item) == "secret of \(item)") }
    await #expect(throws: StoreFailure.locked(found: "the passphrase does not open it")) {
      _ = try await StoreUnderTest(test.file).read(item)
    }
    // Nothing of the old file is in the new one but names and attributes.
    let words = { (bytes: [UInt8]) in Set(bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }) }
    let shared = words(before).intersection(words(try #require(test.file.bytes)))
    #expect(shared.allSatisfy { $0.count < 40 })
  }

  @Test func othersAreLockedOutUntilTheirPassphraseFollows() async throws {
    try await test.write("secret", as: item)
    let other = StoreUnderTest(test.file)
    #expect(try await other.read(item) == "secret")
    try await change(test, to: "new")
    let changed = test.file.bytes
    #expect(await other.failureOfEveryCall(on: item) == .locked(found: "the passphrase does not open it"))
    #expect(test.file.bytes == changed)
    other.passphrase.change(to: "new")
    #expect(try await other.read(item) == "secret")
  }

  @Test func aLostChangeIsTold() async throws {
    try await test.write("secret", as: item)
    test.file.loseWrites()
    let lost = StoreFailure.unavailable(.writeLost, found: "the file does not hold what was written to it")
    await #expect(throws: lost) { try await change(test, to: "new") }
    #expect(try await StoreUnderTest(test.file).read(item) == "secret")
  }

  @Test func aDamagedFileIsNotSealedAnew() async throws {
    try await test.write("secret", as: item)
    let damaged = try #require(test.file.bytes).dropLast(3) + [0x41, 0x41, 0x0A]
    test.file.bytes = Array(damaged)
    await #expect(throws: StoreFailure.self) { try await change(test, to: "new") }
    #expect(test.file.bytes == Array(damaged))
  }

  @Test func whereThereIsNoFileThereIsNothingToChange() async throws {
    await #expect(throws: StoreFailure.unavailable(.noFile, found: "there is no such file yet")) {
      try await change(test, to: "new")
    }
    #expect(test.file.bytes == nil)
  }

  @Test func otherStoresHaveNone() async throws {
    let memory: any SecretStore = MemoryStore()
    await #expect(throws: StoreFailure.unavailable(.unsupported, found: "it has no passphrase")) {
      try await memory.changePassphrase(to: SecretBytes(copying: "new".utf8), deadline: .soon)
    }
  }
}
