import Delegation
import TestSupport

/// The process's own store and one more, both in memory, and one passphrase file.
struct StoresInMemory: SecretStores {
  let own: any SecretStore
  let other = MemoryStore()
  let otherName: String
  let passphraseFile: String

  func store(named name: String, passphraseFile: String?) -> (any SecretStore)? {
    switch name {
    case own.name: own
    case otherName where passphraseFile == self.passphraseFile: other
    case _: nil
    }
  }

  func passphrase(inFile path: String) throws(StoreFailure) -> SecretBytes {
    guard path == passphraseFile else { throw .unavailable(.noPassphrase, found: "there is no \(path)") }
    return SecretBytes(copying: "another passphrase".utf8)
  }
}

/// A store in memory that takes a passphrase, as a file store does.
final class SealedStore: SecretStore {
  let name = "memory"
  private let store = MemoryStore()

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) -> SecretBytes? {
    store.read(item, deadline: deadline)
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) {
    try store.write(
      item,
      secret: secret,
      publicAttributes: publicAttributes,
      replacing: replacing,
      deadline: deadline
    )
  }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) -> Bool { store.delete(item, deadline: deadline) }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) -> [String] {
    store.names(of: kind, deadline: deadline)
  }

  func changePassphrase(to passphrase: borrowing SecretBytes, deadline: ContinuousClock.Instant) {}
}
