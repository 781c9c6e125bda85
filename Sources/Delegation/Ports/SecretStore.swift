/// Where private keys and client secrets are kept.
///
/// Guarantees of every implementation: each call ends by `deadline`; nothing is created by a read; what `write` returns
/// from has been read back and compared; an item that is locked is never reported as absent; no prompt is raised but by
/// `unlock`.
package protocol SecretStore: Sendable {
  /// `secret-service`, `file:PATH` or `memory`: what `--store` says and `Key.store` shows.
  var name: String { get }

  /// The item, or nil when the store is readable and has none.
  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> SecretBytes?

  /// Creates the item; an item of that name is replaced only when `replacing` is true, else `.exists` is thrown.
  ///
  /// `publicAttributes` are shown by the store's own tools (Seahorse); they are never read back as truth.
  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure)

  /// Exchanges the secret of an item that still holds `expected`, byte for byte. False, with nothing written, when it
  /// holds something else by now or is gone.
  ///
  /// Exact against other processes for `file:` and `memory`. The Secret Service API has no such call: there the item is
  /// read again right before it is written, and a writer in between is overwritten.
  func replace(
    _ item: SecretItem,
    holding expected: borrowing SecretBytes,
    with secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) -> Bool

  /// Removes the item; true when there was one.
  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> Bool

  /// The names of all items of a kind, sorted by their bytes.
  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> [String]

  /// Lets a person unlock what is locked; returns at once when nothing is, and where there is nobody to ask.
  ///
  /// The question is withdrawn at the deadline and when the task is cancelled. Other calls go on meanwhile.
  /// - Throws: `.promptDismissed` when they decline.
  func unlock(deadline: ContinuousClock.Instant) async throws(StoreFailure)

  /// Seals everything anew under another passphrase, in one replacement.
  ///
  /// - Throws: `.unavailable(.unsupported, …)` where there is none.
  func changePassphrase(
    to passphrase: borrowing SecretBytes,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure)
}

extension SecretStore {
  package func unlock(deadline: ContinuousClock.Instant) async throws(StoreFailure) {}

  package func changePassphrase(
    to passphrase: borrowing SecretBytes,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) {
    throw .unavailable(.unsupported, found: "it has no passphrase")
  }

  /// For a store that can only read and write: the best that can be done without a lock.
  package func replace(
    _ item: SecretItem,
    holding expected: borrowing SecretBytes,
    with secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) -> Bool {
    guard let found = try await read(item, deadline: deadline), found.holdsTheSame(as: expected) else { return false }
    try await write(
      item,
      secret: secret,
      publicAttributes: publicAttributes,
      replacing: true,
      deadline: deadline
    )
    return true
  }
}

/// The name of something kept in a store.
package struct SecretItem: Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable {
    /// A private key with its certificate, named by its alias.
    case key
    /// The secret of a confidential application, named by client and identity domain.
    case clientSecret = "client-secret"
    /// What `diagnose` writes, reads and deletes to try the store.
    case trial
  }

  package let kind: Kind
  package let name: String

  package init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  /// What a person reads in Seahorse.
  package var label: String {
    switch kind {
    case .key: "OnBehalf key \(name)"
    case .clientSecret: "OnBehalf client secret of \(name)"
    case .trial: "OnBehalf trial \(name)"
    }
  }
}

/// Why a store could not do what was asked.
package enum StoreFailure: Error, Sendable, Equatable {
  /// It cannot be reached or used. `found` is what was seen, in the words of the system.
  case unavailable(StoreProblem, found: String)
  /// It is there but closed: a locked keyring, a passphrase that does not open the file.
  case locked(found: String)
  /// Somebody was asked to unlock it and said no.
  case promptDismissed
  /// No answer by the deadline. With `writing` the outcome is unknown; the next read tells.
  case timedOut(writing: Bool)
  /// It went away, or failed, after a write had begun: whether that took effect is unknown, and the next read tells.
  case interrupted(found: String)
  /// The content is not what was written. Nothing was changed.
  case corrupt(found: String)
  /// `write` without `replacing` met an item of that name.
  case exists
}

extension StoreFailure {
  /// The same failure, met after a write has begun and before it is known what became of it.
  package var afterWriting: StoreFailure {
    switch self {
    case .timedOut: .timedOut(writing: true)
    case .promptDismissed: .interrupted(found: "nobody unlocked it")
    case .locked(let found): .interrupted(found: found)
    case .unavailable(.writeLost, _), .interrupted, .corrupt, .exists: self
    case .unavailable(_, let found): .interrupted(found: found)
    }
  }
}

/// The `reason` of `store_unavailable`.
package enum StoreProblem: String, Sendable, CaseIterable {
  case noLibrary = "no_library"
  case noBus = "no_bus"
  case noService = "no_service"
  case noCollection = "no_collection"
  case serviceError = "service_error"
  case noFile = "no_file"
  case unsafePermissions = "unsafe_permissions"
  case noPassphrase = "no_passphrase"
  case inputOutput = "input_output"
  case writeLost = "write_lost"
  /// What was asked is not something this store can do.
  case unsupported
}
