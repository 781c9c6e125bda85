package import Delegation

/// Secrets in one file, sealed under a passphrase: for machines without a Secret Service.
///
/// The format is published in protocol/encrypted-store.md. Calls run one after another on a thread of their own, because
/// deriving the keys takes about half a second and a file system may be slow. The derived keys are kept while the file
/// keeps its salt; no plaintext is.
package actor EncryptedFileStore: SecretStore {
  /// Gives the passphrase whenever keys must be derived; throws `.unavailable(.noPassphrase, …)` when there is none.
  package typealias Passphrase = @Sendable () throws(StoreFailure) -> SecretBytes

  package nonisolated let name: String
  package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// A larger store is neither read nor written.
  package static let maximumBytes = 8 << 20
  /// How long a change waits for another process at most, because other calls wait behind it.
  private static let lockPatience: Duration = .seconds(5)

  private nonisolated let thread = OwnThread()
  private let file: StoreFile
  private let passphrase: Passphrase
  private let random: any Randomness
  private let cost: Int
  private var keys: StoreKeys?
  private var opened: (stamp: FileStamp, document: StoreDocument)?
  private var newest: (derivation: KeyDerivation, generation: UInt64)?

  /// - Parameter cost: scrypt's N for a new file; a power of two within `KeyDerivation.acceptedCosts`.
  package init(
    file: any GuardedFile,
    passphrase: @escaping Passphrase,
    random: any Randomness,
    cost: Int = KeyDerivation.standardCost
  ) {
    name = "file:\(file.path)"
    self.file = StoreFile(file: file)
    self.passphrase = passphrase
    self.random = random
    self.cost = cost
  }

  package func read(_ item: SecretItem, deadline: ContinuousClock.Instant) throws(StoreFailure) -> SecretBytes? {
    guard let document = try current(deadline), let entry = document[item] else { return nil }
    return try keys(for: document.derivation, deadline).open(entry)
  }

  package func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) {
    let start = if let found = try current(deadline) { found } else { try newDocument(deadline) }
    let written = try change(deadline) { (found) throws(StoreFailure) in
      var document = found ?? start
      guard replacing || document[item] == nil else { throw .exists }
      let nonce = random.bytes(AESGCM.nonceBytes)
      let keys = try keys(for: document.derivation, deadline)
      document[item] = try keys.seal(secret, as: item, attributes: publicAttributes, nonce: nonce)
      return document
    }
    try confirm(written, deadline)
  }

  package func replace(
    _ item: SecretItem,
    holding expected: borrowing SecretBytes,
    with secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) -> Bool {
    guard try current(deadline)?[item] != nil else { return false }
    let written = try change(deadline) { (found) throws(StoreFailure) in
      guard var document = found, let entry = document[item] else { return nil }
      let keys = try keys(for: document.derivation, deadline)
      guard try keys.open(entry).holdsTheSame(as: expected) else { return nil }
      let nonce = random.bytes(AESGCM.nonceBytes)
      document[item] = try keys.seal(secret, as: item, attributes: publicAttributes, nonce: nonce)
      return document
    }
    try confirm(written, deadline)
    return written != nil
  }

  package func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) throws(StoreFailure) -> Bool {
    guard try current(deadline)?[item] != nil else { return false }
    let written = try change(deadline) { (found) throws(StoreFailure) in
      guard var document = found, document[item] != nil else { return nil }
      document[item] = nil
      return document
    }
    try confirm(written, deadline)
    return written != nil
  }

  package func names(
    of kind: SecretItem.Kind,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) -> [String] {
    try current(deadline)?.entries.map(\.item).filter { $0.kind == kind }.map(\.name) ?? []
  }

  package func changePassphrase(
    to passphrase: borrowing SecretBytes,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) {
    guard try current(deadline) != nil else { throw .unavailable(.noFile, found: "there is no such file yet") }
    let derivation = KeyDerivation(cost: cost, salt: random.bytes(KeyDerivation.saltBytes))
    let new = try StoreKeys(derivation, passphrase: passphrase)
    var written: StoreDocument?
    try update(deadline) { (found) throws(StoreFailure) in
      guard let found else { throw .unavailable(.noFile, found: "the file has just been removed") }
      let old = try keys(for: found.derivation, deadline)
      let document = try found.resealed(opening: old, sealing: new, random)
      written = document
      return try serialized(document, new, deadline)
    }
    // The keys are made once more, from the passphrase and what the file says: as the next process will.
    do throws(StoreFailure) { keys = try StoreKeys(derivation, passphrase: passphrase) } catch {
      throw error.afterWriting
    }
    try confirm(written, deadline)
  }

  // MARK: - The file

  /// What the file holds now; nil when there is none.
  private func current(_ deadline: ContinuousClock.Instant) throws(StoreFailure) -> StoreDocument? {
    try requireTime(deadline)
    let stamp = try file.stamp()
    if let opened, opened.stamp == stamp { return opened.document }
    opened = nil
    guard stamp != nil, let content = try file.read(deadline: deadline) else { return nil }
    let document = try open(content.bytes, deadline)
    if let newest, newest.derivation == document.derivation, newest.generation > document.generation {
      throw .corrupt(found: "an older copy of the file was put in its place; a restart accepts it")
    }
    newest = (document.derivation, document.generation)
    opened = (content.stamp, document)
    return document
  }

  /// Replaces the document under the lock with what `edit` makes of the one that is there then. Returns what was
  /// written; nil from `edit` leaves the file as it is.
  private func change(
    _ deadline: ContinuousClock.Instant,
    _ edit: (StoreDocument?) throws(StoreFailure) -> StoreDocument?
  ) throws(StoreFailure) -> StoreDocument? {
    var written: StoreDocument?
    try update(deadline) { (found) throws(StoreFailure) in
      guard var document = try edit(found) else { return nil }
      document.generation += 1
      written = document
      return try serialized(document, keys(for: document.derivation, deadline), deadline)
    }
    return written
  }

  private func update(
    _ deadline: ContinuousClock.Instant,
    _ change: (StoreDocument?) throws(StoreFailure) -> [UInt8]?
  ) throws(StoreFailure) {
    let patience = ContinuousClock.now.advanced(by: Self.lockPatience)
    try file.update(deadline: min(deadline, patience)) { (bytes) throws(StoreFailure) in
      try change(try bytes.map { (bytes) throws(StoreFailure) in try open(bytes, deadline) })
    }
  }

  /// Reads back what `change` wrote. Another process may have gone on from there.
  private func confirm(_ written: StoreDocument?, _ deadline: ContinuousClock.Instant) throws(StoreFailure) {
    guard let written else { return }
    let found: StoreDocument?
    do throws(StoreFailure) { found = try current(deadline) } catch { throw error.afterWriting }
    let isLater = found.map { $0.derivation == written.derivation && $0.generation > written.generation }
    guard found == written || isLater == true else {
      throw .unavailable(.writeLost, found: "the file does not hold what was written to it")
    }
  }

  // MARK: - The seal

  private func newDocument(_ deadline: ContinuousClock.Instant) throws(StoreFailure) -> StoreDocument {
    let derivation = KeyDerivation(cost: cost, salt: random.bytes(KeyDerivation.saltBytes))
    return StoreDocument(derivation: derivation, verifier: try keys(for: derivation, deadline).verifier)
  }

  private func open(_ bytes: [UInt8], _ deadline: ContinuousClock.Instant) throws(StoreFailure) -> StoreDocument {
    guard bytes.count <= Self.maximumBytes else {
      throw .corrupt(found: "it is larger than \(Self.maximumBytes) bytes")
    }
    let (document, code) = try StoreDocument.parse(bytes)
    let keys = try keys(for: document.derivation, deadline)
    guard keys.verifier == document.verifier else {
      self.keys = nil
      throw .locked(found: "the passphrase does not open it")
    }
    guard try keys.authenticationCode(over: document.lines) == code else {
      throw .corrupt(found: "its entries are not the ones that were written")
    }
    return document
  }

  private func serialized(
    _ document: StoreDocument,
    _ keys: StoreKeys,
    _ deadline: ContinuousClock.Instant
  ) throws(StoreFailure) -> [UInt8] {
    let code = try keys.authenticationCode(over: document.lines)
    let bytes = document.serialized(authenticationCode: code)
    guard bytes.count <= Self.maximumBytes else {
      throw .unavailable(.inputOutput, found: "it would be larger than \(Self.maximumBytes) bytes")
    }
    try requireTime(deadline)
    return bytes
  }

  /// The keys that are kept, or those of another salt, which takes half a second and cannot be interrupted.
  private func keys(
    for derivation: KeyDerivation,
    _ deadline: ContinuousClock.Instant
  ) throws(StoreFailure) -> StoreKeys {
    if let keys, keys.derivation == derivation { return keys }
    let made = try StoreKeys(derivation, passphrase: passphrase())
    keys = made
    try requireTime(deadline)
    return made
  }

  private func requireTime(_ deadline: ContinuousClock.Instant) throws(StoreFailure) {
    guard ContinuousClock.now < deadline else { throw .timedOut(writing: false) }
  }
}
