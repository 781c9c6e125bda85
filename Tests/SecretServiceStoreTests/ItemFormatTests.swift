import Delegation
import Foundation
import SecretServiceStore
import Testing

/// protocol/vectors/secret-service-item.json.
private struct ItemVectors: Decodable {
  struct Vector: Decodable, Sendable {
    struct Item: Decodable, Sendable {
      let kind: String
      let name: String
    }

    let item: Item
    let publicAttributes: [String: String]
    let secret: String
    let label: String
    let contentType: String
    let attributes: [String: String]
  }

  let vectors: [Vector]
}

/// What an independent reader (SecretStorage over jeepney, no libsecret) finds.
private struct ReadItem: Decodable {
  let label: String
  let contentType: String
  let attributes: [String: String]
  let secret: String

  static let script = """
    import json, secretstorage, sys
    bus = secretstorage.dbus_init()
    print(json.dumps([
        {
            "label": item.get_label(),
            "contentType": item.get_secret_content_type(),
            "attributes": item.get_attributes(),
            "secret": item.get_secret().decode(),
        }
        for item in secretstorage.search_items(bus, {"application": "onbehalf"})
    ]))
    """
}

@Suite struct ItemFormatTests {
  @Test func isWhatTheVectorsSay() async throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "protocol/vectors/secret-service-item.json")
    let vectors = try JSONDecoder().decode(ItemVectors.self, from: Data(contentsOf: file)).vectors
    let desktop = try PrivateDesktop()
    try desktop.startKeyring()
    let store = desktop.store
    for vector in vectors {
      let kind = try #require(SecretItem.Kind(rawValue: vector.item.kind))
      let item = SecretItem(kind, vector.item.name)
      let secret = SecretBytes(copying: vector.secret.utf8)
      let attributes = vector.publicAttributes
      // Written twice: created, then replaced.
      for publicAttributes in [["stale": "yes"], attributes] {
        try await store.write(
          item,
          secret: secret,
          publicAttributes: publicAttributes,
          replacing: true,
          deadline: .soon
        )
      }
      let found = try JSONDecoder().decode(
        [ReadItem].self,
        from: desktop.run(PrivateDesktop.python, ["-c", ReadItem.script])
      )
      try #require(found.count == 1)
      #expect(found[0].label == vector.label)
      #expect(found[0].contentType == vector.contentType)
      #expect(found[0].attributes == vector.attributes)
      #expect(found[0].secret == vector.secret)
      #expect(try await store.delete(item, deadline: .soon))
    }
    #expect(vectors.count == 3)
  }

  /// The other way: what another tool has written by the page is read.
  @Test func readsWhatAnotherToolWrote() async throws {
    let desktop = try PrivateDesktop()
    try desktop.startKeyring()
    let script = """
      import secretstorage
      bus = secretstorage.dbus_init()
      attributes = {"application": "onbehalf", "kind": "key", "name": "restored"}
      secretstorage.get_default_collection(bus).create_item("anything", attributes, b"from elsewhere")
      """
    try desktop.run(PrivateDesktop.python, ["-c", script])
    let store = desktop.store
    #expect(try await store.text(SecretItem(.key, "restored")) == "from elsewhere")
    #expect(try await store.names(of: .key, deadline: .soon) == ["restored"])
  }
}
