import Delegation

/// How an item is written down: protocol/secret-service-item.md, which other tools may rely on.
enum ItemFormat {
  static let application = "onbehalf"
  static let schema = "com.onbehalf.Item"
  static let contentType = "text/plain"

  /// What an item is found by.
  static func identity(of item: SecretItem) -> [String: String] {
    identity(of: item.kind).merging(["name": item.name]) { $1 }
  }

  /// What all items of a kind are found by.
  static func identity(of kind: SecretItem.Kind) -> [String: String] {
    ["application": application, "kind": kind.rawValue]
  }

  /// Everything that is written: the public attributes are for people, and never override what an item is found by.
  static func attributes(of item: SecretItem, shown attributes: [String: String]) -> [String: String] {
    attributes.merging(identity(of: item)) { $1 }.merging(["xdg:schema": schema]) { $1 }
  }
}
