import JSON

/// Makes, imports (`KeyImport.swift`), lists and deletes keys, and fixes what each is bound to.
package struct KeyService: Sendable {
  package let store: any SecretStore
  package let ring: KeyRing
  let stores: any SecretStores
  let keys: any SigningKeys
  let generation: KeyGeneration
  let random: any Randomness
  let wallClock: any WallClock

  package init(ring: KeyRing, ports: Ports) {
    self.ring = ring
    store = ports.store
    stores = ports.stores
    keys = ports.keys
    generation = KeyGeneration(ports.keys)
    random = ports.random
    wallClock = ports.wallClock
  }

  /// Of a certificate that is made here, when nobody says.
  static let standardValidityDays = 365

  package struct Creation: Sendable {
    package var alias: String
    package var bits = 2048
    package var commonName: String
    package var validityDays = standardValidityDays
    package var binding: KeyBinding?
    package var stage = KeyStage.current

    package init(alias: String, commonName: String? = nil, binding: KeyBinding? = nil) {
      self.alias = alias
      self.commonName = commonName ?? Self.commonName(of: alias)
      self.binding = binding
    }

    /// X.520 holds a common name to 64 characters; an alias may be longer.
    static func commonName(of alias: String) -> String { String(alias.prefix(64)) }
  }

  /// A new key with a self-signed certificate that is valid from a minute ago.
  package func create(_ creation: Creation, for caller: any Caller) async throws(Failure) -> OpenKey {
    try ring.lockdown.requireOpen()
    try await refuseExisting(creation.alias, deadline: caller.deadline)
    let now = wallClock.now()
    let privateKey = try await generate(creation)
    // That takes seconds, in which it may have been locked.
    try ring.lockdown.requireOpen()
    let certificate: [UInt8]
    do throws(KeyFailure) {
      certificate = try keys.selfSign(
        certificateRequest(creation.commonName, days: creation.validityDays, from: now),
        with: keys.open(pem: privateKey)
      )
    } catch {
      throw .key(.material(error, alias: creation.alias))
    }
    let item = KeyItem(
      alias: creation.alias,
      origin: .generated,
      createdAt: now,
      binding: creation.binding,
      stage: creation.stage,
      certificateDER: certificate
    )
    return try await write(item, privateKeyPEM: privateKey, for: caller)
  }

  package func get(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) -> OpenKey {
    try await ring.open(alias, deadline: deadline)
  }

  /// What the store has now under each alias. A successor whose predecessor is gone counts as current.
  func items(deadline: ContinuousClock.Instant) async throws(Failure) -> [String: KeyItem] {
    try ring.lockdown.requireOpen()
    var items: [String: KeyItem] = [:]
    for alias in try await aliases(deadline: deadline) {
      items[alias] = try await item(alias, deadline: deadline)
    }
    for (alias, item) in items {
      if case .successor(let predecessor) = item.stage, items[predecessor] == nil { items[alias]?.stage = .current }
    }
    return items
  }

  /// What the store has now; nil when there is no such key.
  func item(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) -> KeyItem? {
    guard let stored = try await read(alias, deadline: deadline) else { return nil }
    do { return try KeyItem(parsing: stored, alias: alias) } catch { throw .key(.material(error, alias: alias)) }
  }

  package func delete(_ alias: String, for caller: any Caller) async throws(Failure) {
    try beginWriting(for: caller)
    let existed: Bool
    do throws(StoreFailure) {
      existed = try await store.delete(SecretItem(.key, alias), deadline: caller.deadline)
    } catch {
      throw .store(error, store: store.name)
    }
    ring.forget(alias)
    guard existed else { throw .key(.notFound(alias: alias)) }
  }

  /// Holds a profile against what its key is bound to; a key that is not bound yet is bound to it (invariant 2).
  package func bind(_ alias: String, to binding: KeyBinding, for caller: any Caller) async throws(Failure) {
    try await rewrite(alias, for: caller) { item throws(Failure) in
      if let bound = item.binding, bound != binding {
        throw .policy(.keyBound(alias: alias, to: bound, asked: binding))
      }
      item.binding = binding
    }
  }

  /// Changes what is said of a key, beside the key itself. Writes nothing when `change` changes nothing.
  ///
  /// `change` sees what the store has now, not what the ring holds: another sidecar may have changed the key or made it
  /// anew, and may do so until this one has written. Then it is asked again.
  func rewrite(
    _ alias: String,
    for caller: any Caller,
    _ change: (inout KeyItem) throws(Failure) -> Void
  ) async throws(Failure) {
    try ring.lockdown.requireOpen()
    while true {
      ring.forget(alias)
      let stored = try await storedKey(alias, deadline: caller.deadline)
      let key = try opened(stored, alias: alias)
      var item = key.item
      try change(&item)
      guard item != key.item else { return }
      if try await write(item, of: key, holding: stored, for: caller) { break }
    }
    ring.forget(alias)
  }

  /// False when the store holds something else than `stored` by now; nothing was written then. What would not open as a
  /// key is not written either.
  private func write(
    _ item: KeyItem,
    of key: OpenKey,
    holding stored: borrowing SecretBytes,
    for caller: any Caller
  ) async throws(Failure) -> Bool {
    let secret = item.replacingHeader(of: stored)
    _ = try opened(secret, alias: item.alias)
    try beginWriting(for: caller)
    do throws(StoreFailure) {
      return try await store.replace(
        SecretItem(.key, item.alias),
        holding: stored,
        with: secret,
        publicAttributes: attributes(of: item, certificate: key.certificate),
        deadline: caller.deadline
      )
    } catch {
      throw .store(error, store: store.name)
    }
  }

  /// Keeps the secret of a confidential application, in the place of an earlier one.
  package func setClientSecret(
    _ secret: borrowing SecretBytes,
    of profile: Profile,
    for caller: any Caller
  ) async throws(Failure) {
    try beginWriting(for: caller)
    do throws(StoreFailure) {
      try await store.write(
        .clientSecret(of: profile),
        secret: secret,
        publicAttributes: ["identity-domain-url": profile.identityDomainUrl, "client-id": profile.clientId],
        replacing: true,
        deadline: caller.deadline
      )
    } catch {
      throw .store(error, store: store.name)
    }
  }

  func refuseExisting(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) {
    guard try await !aliases(deadline: deadline).contains(alias) else { throw .key(.exists(alias: alias)) }
  }

  func aliases(deadline: ContinuousClock.Instant) async throws(Failure) -> [String] {
    do { return try await store.names(of: .key, deadline: deadline) } catch { throw .store(error, store: store.name) }
  }

  /// Valid from a minute ago, for clocks differ.
  func certificateRequest(_ commonName: String, days: Int, from now: UnixTime) -> CertificateRequest {
    CertificateRequest(
      commonName: commonName,
      notBefore: now.advanced(bySeconds: -60),
      notAfter: now.advanced(bySeconds: Int64(days) * 86_400),
      serialNumber: random.bytes(16)
    )
  }

  /// Writes a new key; one that came to be meanwhile is left alone and told.
  func write(
    _ item: KeyItem,
    privateKeyPEM: borrowing SecretBytes,
    for caller: any Caller
  ) async throws(Failure) -> OpenKey {
    let secret = item.serialized(privateKeyPEM: privateKeyPEM)
    let key = try opened(secret, alias: item.alias)
    try beginWriting(for: caller)
    do throws(StoreFailure) {
      try await store.write(
        SecretItem(.key, item.alias),
        secret: secret,
        publicAttributes: attributes(of: item, certificate: key.certificate),
        replacing: false,
        deadline: caller.deadline
      )
    } catch .exists {
      throw .key(.exists(alias: item.alias))
    } catch {
      throw .store(error, store: store.name)
    }
    ring.forget(item.alias)
    return key
  }

  private func storedKey(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) -> SecretBytes {
    guard let stored = try await read(alias, deadline: deadline) else { throw .key(.notFound(alias: alias)) }
    return stored
  }

  private func read(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) -> SecretBytes? {
    do { return try await store.read(SecretItem(.key, alias), deadline: deadline) } catch {
      throw .store(error, store: store.name)
    }
  }

  func opened(_ stored: borrowing SecretBytes, alias: String) throws(Failure) -> OpenKey {
    do { return try OpenKey.open(stored, alias: alias, with: keys) } catch {
      throw .key(.material(error, alias: alias))
    }
  }

  /// What a person finds in Seahorse.
  func attributes(of item: KeyItem, certificate: Certificate) -> [String: String] {
    var attributes = [
      "origin": item.origin.rawValue,
      "created": item.createdAt.rfc3339,
      "x5t#S256": Thumbprints(of: certificate).x5tS256,
    ]
    attributes["identity-domain-url"] = item.binding?.identityDomainUrl
    attributes["client-id"] = item.binding?.clientId
    return attributes
  }

  private func generate(_ creation: Creation) async throws(Failure) -> SecretBytes {
    do { return try await generation.generate(bits: creation.bits) } catch {
      throw .key(.material(error, alias: creation.alias))
    }
  }
}

/// Right before a store write begins. Who leaves from here on without the true result is told that.
func beginWriting(for caller: any Caller) throws(Failure) {
  try commit(caller)
  caller.onAbandon(["outcome": "unknown"])
}

/// Right before what cannot be taken back.
func commit(_ caller: any Caller) throws(Failure) {
  do { try caller.passCommitPoint() } catch { throw .abandoned }
}
