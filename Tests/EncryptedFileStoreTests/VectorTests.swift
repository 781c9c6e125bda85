import Delegation
import EncryptedFileStore
import Foundation
import Synchronization
import TestSupport
import Testing

/// The vector is checked by an independent implementation in Tests/process/test_encrypted_store_vector.py.
@Suite struct VectorTests {
  struct Facts: Decodable {
    struct Item: Decodable {
      let kind: String
      let name: String
      let attributes: [String: String]
      let secret: String
    }

    let passphrase: String
    let items: [Item]
  }

  let facts: Facts
  let bytes: [UInt8]

  init() throws {
    let folder = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("protocol/vectors/encrypted-store")
    facts = try JSONDecoder().decode(Facts.self, from: Data(contentsOf: folder.appendingPathComponent("v1.json")))
    bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("v1.store")))
  }

  @Test func vectorIsRead() async throws {
    let test = StoreUnderTest(InMemoryGuardedFile("/store", bytes: bytes), passphrase: facts.passphrase)
    for item in facts.items {
      let kind = try #require(SecretItem.Kind(rawValue: item.kind))
      #expect(try await test.read(SecretItem(kind, item.name)) == item.secret)
    }
    #expect(try await test.names(.key) == facts.items.filter { $0.kind == "key" }.map(\.name))
    #expect(try await test.names(.trial) == [])
  }

  @Test func vectorIsWrittenByteForByte() async throws {
    let test = StoreUnderTest(passphrase: facts.passphrase, random: VectorBytes())
    for item in facts.items {
      let kind = try #require(SecretItem.Kind(rawValue: item.kind))
      try await test.write(item.secret, as: SecretItem(kind, item.name), attributes: item.attributes)
    }
    #expect(test.file.bytes == bytes)
  }

  /// The salt and the nonces of the vector, in the order in which they are asked for.
  private final class VectorBytes: Randomness {
    private let nonces = Atomic<UInt8>(0)

    func bytes(_ count: Int) -> [UInt8] {
      count == 32 ? Array(0..<32) : Array(repeating: nonces.add(1, ordering: .relaxed).newValue, count: count)
    }
  }
}
