/// The stores besides the one that the process was started with, and the passphrases that open them.
package protocol SecretStores: Sendable {
  /// The store that `--store` would mean by this name; nil when there is none. `memory` is that of this process only.
  ///
  /// - Parameter passphraseFile: opens `file:PATH`; nil means the passphrase that the process was started with.
  func store(named name: String, passphraseFile: String?) -> (any SecretStore)?

  /// - Throws: `.unavailable` with `.unsafePermissions` or `.noPassphrase`.
  func passphrase(inFile path: String) throws(StoreFailure) -> SecretBytes
}

/// For a process that knows its own store only.
struct OwnStore: SecretStores {
  let store: any SecretStore

  func store(named name: String, passphraseFile: String?) -> (any SecretStore)? {
    name == store.name && passphraseFile == nil ? store : nil
  }

  func passphrase(inFile path: String) throws(StoreFailure) -> SecretBytes {
    throw .unavailable(.noPassphrase, found: "\(path) cannot be read from here")
  }
}
