import Delegation
import EncryptedFileStore
import TestSupport
import Testing

@Suite struct FailureTests {
  let item = SecretItem(.clientSecret, "fusion-prod")

  @Test(arguments: [
    (FileFailure.unsafe(found: "/ is 0777"), StoreFailure.unavailable(.unsafePermissions, found: "/ is 0777")),
    (.tooLarge(limit: 9), .unavailable(.inputOutput, found: "it is larger than 9 bytes")),
    (.lockTimedOut(path: "/store.lock"), .timedOut(writing: false)),
    (.system(found: "EIO"), .unavailable(.inputOutput, found: "EIO")),
    (.unsettled(found: "EIO"), .interrupted(found: "EIO")),
  ])
  func failuresOfTheFileAreFailuresOfTheStore(file: FileFailure, store: StoreFailure) async throws {
    let test = StoreUnderTest()
    test.file.failure = file
    #expect(await test.failureOfEveryCall(on: item) == store)
  }

  @Test func passedDeadlineBeginsNothing() async throws {
    let test = StoreUnderTest()
    await #expect(throws: StoreFailure.timedOut(writing: false)) { _ = try await test.read(item, deadline: .now) }
    await #expect(throws: StoreFailure.timedOut(writing: false)) {
      try await test.write("x", as: item, deadline: .now)
    }
    #expect(test.file.bytes == nil && test.passphrase.asked == 0)
  }

  @Test func deadlineThatPassesWhileKeysAreDerivedWritesNothing() async throws {
    let test = StoreUnderTest()
    await #expect(throws: StoreFailure.timedOut(writing: false)) {
      try await test.write("x", as: item, deadline: .now.advanced(by: .milliseconds(5)))
    }
    #expect(test.file.bytes == nil)
    try await test.write("x", as: item)
    #expect(try await test.read(item) == "x")
  }

  @Test func lostWriteIsTold() async throws {
    let test = StoreUnderTest()
    try await test.write("first", as: item)
    test.file.loseWrites()
    let lost = StoreFailure.unavailable(.writeLost, found: "the file does not hold what was written to it")
    await #expect(throws: lost) { try await test.write("second", as: item, replacing: true) }
    await #expect(throws: lost) { _ = try await test.delete(item) }
    #expect(try await test.read(item) == "first")
  }

  /// What was written cannot be read back: whether it is there is not known.
  @Test func aWriteThatCannotBeReadBackHasAnUnknownOutcome() async throws {
    let test = StoreUnderTest()
    try await test.write("first", as: item)
    test.file.failAfterNextUpdate(with: .system(found: "EIO"))
    await #expect(throws: StoreFailure.interrupted(found: "EIO")) {
      try await test.write("second", as: item, replacing: true)
    }
    test.file.failure = nil
    #expect(try await test.read(item) == "second")
  }

  @Test func storeDoesNotOutgrowItsBound() async throws {
    let test = StoreUnderTest()
    try await test.write("small", as: item)
    let before = test.file.bytes
    let large = String(repeating: "x", count: EncryptedFileStore.maximumBytes)
    let tooLarge = StoreFailure.unavailable(.inputOutput, found: "it would be larger than 8388608 bytes")
    await #expect(throws: tooLarge) { try await test.write(large, as: SecretItem(.key, "large")) }
    #expect(test.file.bytes == before)
  }

  @Test func missingPassphraseIsTold() async throws {
    let test = StoreUnderTest()
    try await test.write("x", as: item)
    let missing = StoreFailure.unavailable(.noPassphrase, found: "there is no /passphrase")
    let store = EncryptedFileStore(
      file: test.file,
      passphrase: { () throws(StoreFailure) in throw missing },
      random: RandomBytes()
    )
    await #expect(throws: missing) { _ = try await store.names(of: .key, deadline: .soon) }
  }
}
