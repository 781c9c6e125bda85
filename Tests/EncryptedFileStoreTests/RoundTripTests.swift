import Delegation
import EncryptedFileStore
import TestSupport
import Testing

@Suite struct RoundTripTests {
  let item = SecretItem(.key, "fusion-prod")

  @Test func whatIsWrittenIsReadByAnotherProcess() async throws {
    let test = StoreUnderTest()
    try await test.write("a secret", as: item, attributes: ["x5t": "abc"])
    #expect(try await test.read(item) == "a secret")
    #expect(try await StoreUnderTest(test.file).read(item) == "a secret")
    #expect(test.store.name == "file:/store")
    let text = String(decoding: try #require(test.file.bytes), as: UTF8.self)
    #expect(text.contains("entry key fusion-prod x5t=abc ") && !text.contains("a secret"))
  }

  @Test func readingCreatesNothing() async throws {
    let test = StoreUnderTest()
    #expect(try await test.read(item) == nil)
    #expect(try await test.names(.key) == [])
    #expect(try await test.delete(item) == false)
    #expect(test.file.bytes == nil)
    #expect(test.passphrase.asked == 0)
  }

  @Test func existingItemIsReplacedOnlyWhenAsked() async throws {
    let test = StoreUnderTest()
    try await test.write("first", as: item)
    let before = test.file.bytes
    await #expect(throws: StoreFailure.exists) { try await test.write("second", as: item) }
    #expect(test.file.bytes == before)
    try await test.write("second", as: item, replacing: true)
    #expect(try await test.read(item) == "second")
  }

  @Test func itemIsReplacedOnlyWhenItIsUnchanged() async throws {
    let test = StoreUnderTest()
    #expect(try await !test.replace("first", with: "second", as: item))
    #expect(test.file.bytes == nil)
    try await test.write("first", as: item)
    let before = test.file.bytes
    #expect(try await !test.replace("something else", with: "second", as: item))
    #expect(test.file.bytes == before)
    #expect(try await test.replace("first", with: "second", as: item))
    #expect(try await StoreUnderTest(test.file).read(item) == "second")
  }

  /// Of many processes that all want to replace the same content, one does.
  @Test func oneOfManyReplacesTheSameContent() async throws {
    let file = InMemoryGuardedFile("/store")
    try await StoreUnderTest(file).write("unbound", as: item)
    let winners = try await withThrowingTaskGroup(of: String?.self) { group in
      for index in 0..<8 {
        group.addTask {
          try await StoreUnderTest(file).replace("unbound", with: "\(index)", as: item) ? "\(index)" : nil
        }
      }
      return try await group.reduce(into: [String]()) { winners, name in winners += name.map { [$0] } ?? [] }
    }
    #expect(winners.count == 1)
    #expect(try await StoreUnderTest(file).read(item) == winners.first)
  }

  @Test func deletedItemIsGone() async throws {
    let test = StoreUnderTest()
    try await test.write("secret", as: item)
    #expect(try await test.delete(item) == true)
    #expect(try await test.delete(item) == false)
    #expect(try await test.read(item) == nil)
    #expect(try await StoreUnderTest(test.file).names(.key) == [])
  }

  @Test func kindsAreApartAndNamesAreSortedByBytes() async throws {
    let test = StoreUnderTest()
    let names = ["b", "a", "Z", "a b", "%", "=", "\n", "", "é", "e\u{301}", String(repeating: "x", count: 300)]
    for name in names {
      for kind in SecretItem.Kind.allCases { try await test.write("\(kind) \(name)", as: SecretItem(kind, name)) }
    }
    let other = StoreUnderTest(test.file)
    for kind in SecretItem.Kind.allCases {
      #expect(
        try await other.names(kind).map { Array($0.utf8) }
          == names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
      )
      for name in names { #expect(try await other.read(SecretItem(kind, name)) == "\(kind) \(name)") }
    }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 4096, 1 << 20])
  func secretsOfEveryLengthAreKept(length: Int) async throws {
    let secret = String(repeating: "s", count: length)
    let test = StoreUnderTest()
    try await test.write(secret, as: item)
    #expect(try await StoreUnderTest(test.file).read(item) == secret)
  }

  @Test func keysAreDerivedOnceAndTheFileIsReadWhenItChanges() async throws {
    let test = StoreUnderTest()
    try await test.write("one", as: item)
    try await test.write("two", as: SecretItem(.key, "other"))
    let reads = test.file.reads
    for _ in 0..<10 { #expect(try await test.read(item) == "one") }
    #expect(test.file.reads == reads)
    #expect(test.passphrase.asked == 1)

    try await StoreUnderTest(test.file).write("changed elsewhere", as: item, replacing: true)
    #expect(try await test.read(item) == "changed elsewhere")
    #expect(test.file.reads > reads)
    #expect(test.passphrase.asked == 1)
  }

  @Test func writersThatShareAFileLoseNothing() async throws {
    let first = StoreUnderTest()
    let stores = [first, StoreUnderTest(first.file)]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, test) in stores.enumerated() {
        for index in 0..<20 {
          group.addTask { try await test.write("\(number) \(index)", as: SecretItem(.key, "\(number)-\(index)")) }
        }
      }
      try await group.waitForAll()
    }
    for (number, test) in stores.enumerated() {
      #expect(try await test.names(.key).count == 40)
      for index in 0..<20 {
        #expect(try await test.read(SecretItem(.key, "\(number)-\(index)")) == "\(number) \(index)")
      }
    }
  }

  /// Two processes that find no file both begin one; the later continues what the earlier made.
  @Test func fileMadeMeanwhileByAnotherProcessIsContinued() async throws {
    let file = InMemoryGuardedFile("/store")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<4 {
        group.addTask { try await StoreUnderTest(file).write("x", as: SecretItem(.trial, "\(index)")) }
      }
      try await group.waitForAll()
    }
    #expect(try await StoreUnderTest(file).names(.trial) == ["0", "1", "2", "3"])
  }
}
