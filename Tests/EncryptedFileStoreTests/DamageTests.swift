import Delegation
import TestSupport
import Testing

@testable import EncryptedFileStore

@Suite struct DamageTests {
  let item = SecretItem(.key, "b")
  let test = StoreUnderTest()
  let intact: [UInt8]

  init() async throws {
    for name in ["a", "b", "c"] { try await test.write("secret of \(name)", as: SecretItem(.key, name)) }
    intact = try #require(test.file.bytes)
  }

  /// What the store says when somebody puts these bytes into its file.
  private func failure(of bytes: [UInt8]) async -> StoreFailure? {
    test.file.bytes = bytes
    do throws(StoreFailure) { _ = try await test.read(item) } catch { return error }
    return nil
  }

  private func isCorrupt(_ failure: StoreFailure?) -> Bool {
    if case .corrupt = failure { true } else { false }
  }

  @Test func wrongPassphraseIsNotDamage() async throws {
    let stranger = StoreUnderTest(test.file, passphrase: "wrong")
    let locked = StoreFailure.locked(found: "the passphrase does not open it")
    #expect(await stranger.failureOfEveryCall(on: item) == locked)
    #expect(test.file.bytes == intact)
    stranger.passphrase.change(to: "correct horse battery staple")
    #expect(try await stranger.read(item) == "secret of b")
  }

  @Test func everyCutIsNoticed() async throws {
    for length in intact.indices {
      test.file.bytes = Array(intact.prefix(length))
      #expect(isCorrupt(await test.failureOfEveryCall(on: item)), "\(length) bytes")
      #expect(test.file.bytes == Array(intact.prefix(length)))
    }
  }

  @Test func everyFlippedBitIsNoticed() async throws {
    let lines = intact.split(separator: UInt8(ascii: "\n"))
    let firstLines = lines[0].startIndex..<lines[2].endIndex
    for index in intact.indices {
      // Another salt or verifier means deriving keys anew, whichever of its bits it is.
      for bit in firstLines.contains(index) ? [index % 6] : Array(0..<8) {
        await expectNoticed(index, bit, mayBeLocked: firstLines.contains(index))
      }
    }
    test.file.bytes = intact
    #expect(try await test.read(item) == "secret of b")
  }

  /// Also by who would write, and the file is left as it was found.
  private func expectNoticed(_ index: Int, _ bit: Int, mayBeLocked: Bool) async {
    var damaged = intact
    damaged[index] ^= 1 << bit
    test.file.bytes = damaged
    do throws(StoreFailure) {
      try await test.write("x", as: item, replacing: true)
      Issue.record("bit \(bit) of byte \(index) was not noticed")
    } catch .corrupt {
    } catch .locked where mayBeLocked {
    } catch {
      Issue.record("bit \(bit) of byte \(index): \(error)")
    }
    #expect(test.file.bytes == damaged)
  }

  @Test func changedListsAreNoticed() async throws {
    let lines = intact.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    let (head, entries, mac) = (lines[..<4], Array(lines[4..<7]), lines[7])
    let renamed = entries.map { $0.replacing("entry key b ", with: "entry key d ") }
    let retyped = entries.map { $0.replacing("entry key b ", with: "entry trial b ") }
    let addition = entries[0].replacing("entry key a ", with: "entry key d ")
    let noted = entries.map { $0.replacing("entry key b ", with: "entry key b x=y ") }
    func fields(_ index: Int) -> [Substring] { entries[index].split(separator: " ") }
    let exchanged = [
      (fields(1)[..<3] + fields(0)[3...]).joined(separator: " "),
      (fields(0)[..<3] + fields(1)[3...]).joined(separator: " "),
      entries[2],
    ]
    let lists = [
      [], Array(entries.dropFirst()), Array(entries.dropLast()), entries.reversed(), entries + [addition],
      entries + [entries[2]], renamed, retyped, noted, exchanged,
    ]
    for list in lists {
      let text = (head + list + [mac]).joined(separator: "\n") + "\n"
      #expect(isCorrupt(await failure(of: Array(text.utf8))), "\(list.count) entries")
    }
  }

  @Test func entriesOfAnotherFileAreNoticed() async throws {
    // The same passphrase, another salt: as a copy from last year, or from another machine.
    let other = StoreUnderTest()
    try await other.write("planted", as: item)
    let lines = intact.split(separator: UInt8(ascii: "\n"))
    let planted = try #require(other.file.bytes).split(separator: UInt8(ascii: "\n"))[4]
    let list = lines[..<5] + [planted] + lines[6...]
    let bytes = Array(list.joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
    test.file.bytes = bytes
    #expect(isCorrupt(await test.failureOfEveryCall(on: item)))
    #expect(test.file.bytes == bytes)
  }

  /// Whoever could write a valid list still could not put one secret under the name of another.
  @Test func aSecretOpensUnderItsOwnNameOnly() throws {
    let derivation = KeyDerivation(cost: 1 << 14, salt: RandomBytes().bytes(32))
    let keys = try StoreKeys(derivation, passphrase: SecretBytes(copying: "correct horse".utf8))
    let nonce = RandomBytes().bytes(12)
    let sealed = try keys.seal(SecretBytes(copying: "secret".utf8), as: item, attributes: [:], nonce: nonce)
    for other in [SecretItem(.key, "a"), SecretItem(.clientSecret, "b"), SecretItem(.key, "b ")] {
      let moved = StoreDocument.Entry(item: other, attributes: [:], nonce: nonce, sealed: sealed.sealed)
      #expect(throws: StoreFailure.corrupt(found: "an entry that does not open under its own name")) {
        _ = try keys.open(moved)
      }
    }
    #expect(try keys.open(sealed).count == 6)
  }

  @Test(arguments: ["0", "4", "-4", "04", "99999999999999999999", "four", ""])
  func changedGenerationIsNoticed(generation: String) async throws {
    let text = String(decoding: intact, as: UTF8.self).replacing("generation 3\n", with: "generation \(generation)\n")
    #expect(isCorrupt(await failure(of: Array(text.utf8))))
  }

  @Test(arguments: [
    "scrypt 8192 8 1", "scrypt 2097152 8 1", "scrypt 16385 8 1", "scrypt 0 8 1", "scrypt -16384 8 1",
    "scrypt 18446744073709551615 8 1", "scrypt 18446744073709551616 8 1", "scrypt 16384 16 1", "scrypt 16384 8 2",
    "scrypt 16384 8 1073741823", "scrypt +16384 8 1", "scrypt 016384 8 1", "pbkdf2 16384 8 1", "none 16384 8 1",
  ])
  func hostileDerivationIsRefusedBeforeItRuns(parameters: String) async throws {
    let text = String(decoding: intact, as: UTF8.self).replacing("kdf scrypt 16384 8 1 ", with: "kdf \(parameters) ")
    let fresh = StoreUnderTest(InMemoryGuardedFile("/store", bytes: Array(text.utf8)))
    #expect(isCorrupt(await fresh.failureOfEveryCall(on: item)))
    #expect(fresh.passphrase.asked == 0)
  }

  @Test(arguments: ["", "\n", "onbehalf-store/2\n", "{}", "onbehalf-store/1", "\u{0}", "onbehalf-store/1\n\n\n\n\n\n"])
  func otherFilesAreRefused(text: String) async throws {
    let fresh = StoreUnderTest(InMemoryGuardedFile("/store", bytes: Array(text.utf8)))
    #expect(isCorrupt(await fresh.failureOfEveryCall(on: item)))
    #expect(fresh.file.bytes == Array(text.utf8))
  }

  @Test func olderCopyIsRefusedByWhoSawTheNewer() async throws {
    _ = try await test.delete(item)
    test.file.bytes = intact
    #expect(isCorrupt(await test.failureOfEveryCall(on: item)))
    #expect(try await StoreUnderTest(test.file).read(item) == "secret of b")
  }

  @Test func hugeFileIsRefused() async throws {
    let huge = intact + [UInt8](repeating: 0x20, count: EncryptedFileStore.maximumBytes)
    #expect(await failure(of: huge) == .corrupt(found: "it is larger than 8388608 bytes"))
  }
}
