import Synchronization

/// A store that forgets everything when the process ends: for trials, and for machines whose keys are made anew.
package final class MemoryStore: SecretStore {
  package let name = "memory"

  /// Gives a secret that cannot be copied a place in a dictionary.
  private final class Kept: Sendable {
    let secret: SecretBytes
    init(_ secret: consuming SecretBytes) { self.secret = secret }
  }

  private let items = Mutex<[SecretItem: Kept]>([:])

  package init() {}

  package func read(_ item: SecretItem, deadline: ContinuousClock.Instant) -> SecretBytes? {
    guard let kept = items.withLock({ $0[item] }) else { return nil }
    return kept.secret.copy()
  }

  package func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) {
    let kept = Kept(secret.copy())
    try items.withLock { (items) throws(StoreFailure) in
      guard replacing || items[item] == nil else { throw .exists }
      items[item] = kept
    }
  }

  package func replace(
    _ item: SecretItem,
    holding expected: borrowing SecretBytes,
    with secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    deadline: ContinuousClock.Instant
  ) -> Bool {
    let (expected, kept) = (Kept(expected.copy()), Kept(secret.copy()))
    return items.withLock { items in
      guard let found = items[item], found.secret.holdsTheSame(as: expected.secret) else { return false }
      items[item] = kept
      return true
    }
  }

  package func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) -> Bool {
    items.withLock { $0.removeValue(forKey: item) != nil }
  }

  package func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) -> [String] {
    items.withLock { $0.keys.filter { $0.kind == kind } }
      .map(\.name)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension SecretBytes {
  fileprivate borrowing func copy() -> SecretBytes { withUnsafeBytes { SecretBytes(copying: $0) } }
}
