import Delegation
import Foundation
import JSON
import OpenSSLKeys
import TestSupport
import Testing

/// protocol/vectors/key-item: the published form of a stored key, opened with real cryptography.
struct KeyItemVectorTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "protocol/vectors/key-item")

  @Test func theVectorSaysWhatItsFactsSay() async throws {
    let stored = [UInt8](try Data(contentsOf: Self.folder.appending(path: "payables.item")))
    let facts = try JSONValue(parsing: [UInt8](Data(contentsOf: Self.folder.appending(path: "payables.json"))))
    let store = MemoryStore()
    try store.write(
      SecretItem(.key, "payables"),
      secret: SecretBytes(copying: stored),
      publicAttributes: [:],
      replacing: false,
      deadline: .now
    )
    let ring = KeyRing(store: store, keys: OpenSSLSigningKeys(), clock: ContinuousClock())
    let key = try await ring.open("payables", deadline: .now)
    #expect(facts["alias"] == .string(key.item.alias))
    #expect(facts["origin"] == .string(key.item.origin.rawValue))
    #expect(facts["createdAt"] == .string(key.item.createdAt.rfc3339))
    #expect(facts["binding"]?["clientId"] == (key.item.binding?.clientId).map(JSONValue.string))
    #expect(facts["binding"]?["identityDomainUrl"] == (key.item.binding?.identityDomainUrl).map(JSONValue.string))
    #expect(facts["x5t"] == .string(key.thumbprints.x5t))
    #expect(facts["x5t#S256"] == .string(key.thumbprints.x5tS256))
  }

  @Test func whatIsWrittenIsTheVectorByteForByte() throws {
    let stored = [UInt8](try Data(contentsOf: Self.folder.appending(path: "payables.item")))
    let item = try KeyItem(parsing: SecretBytes(copying: stored), alias: "payables")
    let unpacked = try OpenSSLSigningKeys().unpack(.pem, stored)
    let written = item.serialized(privateKeyPEM: unpacked.privateKeyPEM).withUnsafeBytes { Array($0) }
    #expect(written == stored)
  }
}
