import JSON

/// From one store to another: copy, read back, compare, and only then remove.
///
/// Interrupted at any point, each item is in one of the two stores or in both, and moving again completes it: what the
/// target holds already, byte for byte, counts as copied.
package struct KeyMove: Sendable {
  /// A store as `--store` names it; `passphraseFile` opens a file that is not the process's own.
  package struct Place: Sendable {
    package let name: String
    package let passphraseFile: String?

    package init(_ name: String, passphraseFile: String? = nil) {
      self.name = name
      self.passphraseFile = passphraseFile
    }
  }

  package struct Moved: Sendable {
    package fileprivate(set) var aliases: [String] = []
    package fileprivate(set) var clientSecrets = 0
  }

  package let source: Place
  package let target: Place
  /// nil: every key, and every client secret too.
  package let aliases: [String]?

  package init(from source: Place, to target: Place, aliases: [String]?) {
    self.source = source
    self.target = target
    self.aliases = aliases
  }
}

extension KeyService {
  /// - Throws: before anything is moved, `.key(.occupied)` when the target has something else under one of the names.
  package func move(_ move: KeyMove, for caller: any Caller) async throws(Failure) -> KeyMove.Moved {
    let road = StoreRoad(
      source: try store(move.source, field: "fromStore"),
      target: try store(move.target, field: "toStore"),
      deadline: caller.deadline
    )
    let items = try await items(move, road)
    var moved = KeyMove.Moved()
    guard !items.isEmpty else { return moved }
    try await refuseOneStore(road, for: caller)
    for item in items { try await look(at: item, road) }
    for item in items {
      try await transfer(item, road, done: moved, for: caller)
      switch item.kind {
      case .key: moved.aliases.append(item.name)
      case .clientSecret: moved.clientSecrets += 1
      case .trial: break
      }
    }
    return moved
  }

  /// The store of that name, which a person may be asked to unlock.
  package func store(_ place: KeyMove.Place, field: String) throws(Failure) -> any SecretStore {
    if let store = stores.store(named: place.name, passphraseFile: place.passphraseFile) { return store }
    throw .params(
      ParamsFailure(field, "must be secret-service, file:PATH, or memory where that is the store of this process")
    )
  }

  private func items(_ move: KeyMove, _ road: StoreRoad) async throws(Failure) -> [SecretItem] {
    if let aliases = move.aliases {
      var seen: Set<String> = []
      return aliases.filter { seen.insert($0).inserted }.map { SecretItem(.key, $0) }
    }
    var items: [SecretItem] = []
    for kind in [SecretItem.Kind.key, .clientSecret] {
      items += try await road.names(of: kind).map { SecretItem(kind, $0) }
    }
    return items
  }

  /// Two names may lead to one store, by a link perhaps; what was copied onto itself would be removed. An item that is
  /// put into the target must not appear in the source.
  private func refuseOneStore(_ road: StoreRoad, for caller: any Caller) async throws(Failure) {
    let trial = SecretItem(.trial, Base64.encode(random.bytes(9), as: .url))
    try beginWriting(for: caller)
    try await road.copy(SecretBytes(copying: random.bytes(32)), as: trial, attributes: [:])
    let isOneStore = try await road.read(trial, at: road.source) != nil
    try await road.remove(trial, at: road.target)
    caller.leaveCommitPoint()
    guard !isOneStore else { throw .params(ParamsFailure("toStore", "must be another store than fromStore")) }
  }

  /// Throws what would stop the move of this item, so that nothing is begun that cannot be ended.
  private func look(at item: SecretItem, _ road: StoreRoad) async throws(Failure) {
    guard let original = try await road.read(item, at: road.source) else {
      guard try await road.read(item, at: road.target) != nil else { throw .key(.notFound(alias: item.name)) }
      return
    }
    _ = try attributes(of: item, holding: original)
    try await road.refuseOther(than: original, as: item)
  }

  private func transfer(
    _ item: SecretItem,
    _ road: StoreRoad,
    done: KeyMove.Moved,
    for caller: any Caller
  ) async throws(Failure) {
    // Whatever comes of it: the handle of a key that may be gone is dropped.
    defer { if item.kind == .key { ring.forget(item.name) } }
    try beginWriting(for: caller)
    caller.onAbandon(["outcome": "unknown", "moved": .array(done.aliases.map { .string($0) })])
    // What another sidecar changes meanwhile, a binding perhaps, is copied anew.
    while let original = try await road.read(item, at: road.source) {
      try await road.copy(original, as: item, attributes: attributes(of: item, holding: original))
      guard let current = try await road.read(item, at: road.source) else { break }
      guard !current.holdsTheSame(as: original) else {
        try await road.remove(item, at: road.source)
        break
      }
      try await road.remove(item, at: road.target)
    }
    caller.leaveCommitPoint()
  }

  private func attributes(
    of item: SecretItem,
    holding secret: borrowing SecretBytes
  ) throws(Failure) -> [String: String] {
    switch item.kind {
    case .key:
      let key = try opened(secret, alias: item.name)
      return attributes(of: key.item, certificate: key.certificate)
    case .clientSecret: return item.clientSecretAttributes
    case .trial: return [:]
    }
  }
}

/// Two stores and the time there is; a failure names the store it is of.
private struct StoreRoad {
  let source: any SecretStore
  let target: any SecretStore
  let deadline: ContinuousClock.Instant

  func names(of kind: SecretItem.Kind) async throws(Failure) -> [String] {
    do { return try await source.names(of: kind, deadline: deadline) } catch {
      throw .store(error, store: source.name)
    }
  }

  func read(_ item: SecretItem, at store: any SecretStore) async throws(Failure) -> SecretBytes? {
    do { return try await store.read(item, deadline: deadline) } catch { throw .store(error, store: store.name) }
  }

  func remove(_ item: SecretItem, at store: any SecretStore) async throws(Failure) {
    do { _ = try await store.delete(item, deadline: deadline) } catch { throw .store(error, store: store.name) }
  }

  /// Writes the item unless it is there, reads it back and compares.
  func copy(_ secret: borrowing SecretBytes, as item: SecretItem, attributes: [String: String]) async throws(Failure) {
    do throws(StoreFailure) {
      try await target.write(
        item,
        secret: secret,
        publicAttributes: attributes,
        replacing: false,
        deadline: deadline
      )
    } catch .exists {
      // Perhaps by a move that was interrupted.
    } catch {
      throw .store(error, store: target.name)
    }
    guard try await refuseOther(than: secret, as: item) else {
      throw .store(.unavailable(.writeLost, found: "the item is not there after it was written"), store: target.name)
    }
  }

  /// False when the target has no such item.
  @discardableResult
  func refuseOther(than secret: borrowing SecretBytes, as item: SecretItem) async throws(Failure) -> Bool {
    guard let found = try await read(item, at: target) else { return false }
    guard found.holdsTheSame(as: secret) else { throw .key(.occupied(item, store: target.name)) }
    return true
  }
}
