import JSONRPC

/// The names requests are ordered by: a later request that names a key or a profile waits for its change.
extension Order {
  static func changing(key alias: String) -> Order { Order(changes: ["key:\(alias)"], uses: []) }

  /// A saved profile may bind its key.
  static func changing(profile name: String, key alias: String?) -> Order {
    Order(changes: ["profile:\(name)"] + (alias.map { ["key:\($0)"] } ?? []), uses: [])
  }

  static func using(key alias: String) -> Order { Order(changes: [], uses: ["key:\(alias)"]) }

  /// Without a name the default profile is meant, and any change may decide which that is.
  static func using(profile name: String?) -> Order { Order(changes: [], uses: ["profile:\(name ?? "*")"]) }

  /// Before every later request that needs a key or a client secret, and after every earlier one.
  static let changingAllKeysAndProfiles = Order(changes: ["key:*", "profile:*"], uses: [])

  /// The name of a successor is not known before it is looked for.
  static let changingAllKeys = Order(changes: ["key:*"], uses: [])

  static func usingAllKeys(profile name: String?) -> Order {
    Order(changes: [], uses: ["key:*", "profile:\(name ?? "*")"])
  }

  static let usingAllKeys = Order(changes: [], uses: ["key:*"])
}
