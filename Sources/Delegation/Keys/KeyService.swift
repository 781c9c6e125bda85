/// Makes, imports (`KeyImport.swift`), lists and deletes keys, and fixes what each is bound to.
package struct KeyService: Sendable {
  package let store: any SecretStore
  package let ring: KeyRing
  let keys: any SigningKeys
  let generation: KeyGeneration
  let random: any Randomness
  let wallClock: any WallClock

  package init(ring: KeyRing, ports: Ports) {
    self.ring = ring
    store = ports.store
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
    try await refuseExisting(creation.alias, deadline: caller.deadline)
    let now = wallClock.now()
    let privateKey = try await generate(creation)
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
      certificateDER: certificate
    )
    return try await write(item, privateKeyPEM: privateKey, for: caller)
  }

  package func get(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) -> OpenKey {
    try await ring.open(alias, deadline: deadline)
  }

  /// Every key that can be read; one that cannot is an error, because a list that hides it would say it is gone.
  package func list(deadline: ContinuousClock.Instant) async throws(Failure) -> [OpenKey] {
    let aliases: [String]
    do throws(StoreFailure) { aliases = try await store.names(of: .key, deadline: deadline) } catch {
      throw .store(error, store: store.name)
    }
    var found: [OpenKey] = []
    for alias in aliases { found.append(try await ring.open(alias, deadline: deadline)) }
    return found
  }

  package func delete(_ alias: String, for caller: any Caller) async throws(Failure) {
    try commit(caller)
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
    // What the store has now, not what the ring holds: another sidecar may have bound the key or made it anew.
    ring.forget(alias)
    let stored = try await storedKey(alias, deadline: caller.deadline)
    let key = try opened(stored, alias: alias)
    if let bound = key.item.binding {
      guard bound == binding else { throw .policy(.keyBound(alias: alias, to: bound, asked: binding)) }
      return
    }
    var item = key.item
    item.binding = binding
    try commit(caller)
    do throws(StoreFailure) {
      try await store.write(
        SecretItem(.key, alias),
        secret: item.replacingHeader(of: stored),
        publicAttributes: attributes(of: item, certificate: key.certificate),
        replacing: true,
        deadline: caller.deadline
      )
    } catch {
      throw .store(error, store: store.name)
    }
    ring.forget(alias)
  }

  /// Keeps the secret of a confidential application, in the place of an earlier one.
  package func setClientSecret(
    _ secret: borrowing SecretBytes,
    of profile: Profile,
    for caller: any Caller
  ) async throws(Failure) {
    try commit(caller)
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

  /// Valid from a minute ago, for clocks differ.
  func certificateRequest(_ commonName: String, days: Int, from now: UnixTime) -> CertificateRequest {
    CertificateRequest(
      commonName: commonName,
      notBefore: now.advanced(bySeconds: -60),
      notAfter: now.advanced(bySeconds: Int64(days) * 86_400),
      serialNumber: random.bytes(16)
    )
  }

  func refuseExisting(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) {
    do throws(StoreFailure) {
      let names = try await store.names(of: .key, deadline: deadline)
      guard names.contains(where: { $0 == alias }) else { return }
    } catch {
      throw .store(error, store: store.name)
    }
    throw .key(.exists(alias: alias))
  }

  /// Writes a new key; one that came to be meanwhile is left alone and told.
  func write(
    _ item: KeyItem,
    privateKeyPEM: borrowing SecretBytes,
    for caller: any Caller
  ) async throws(Failure) -> OpenKey {
    let secret = item.serialized(privateKeyPEM: privateKeyPEM)
    let key = try opened(secret, alias: item.alias)
    try commit(caller)
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
    let stored: SecretBytes?
    do { stored = try await store.read(SecretItem(.key, alias), deadline: deadline) } catch {
      throw .store(error, store: store.name)
    }
    guard let stored else { throw .key(.notFound(alias: alias)) }
    return stored
  }

  private func opened(_ stored: borrowing SecretBytes, alias: String) throws(Failure) -> OpenKey {
    do { return try OpenKey.open(stored, alias: alias, with: keys) } catch {
      throw .key(.material(error, alias: alias))
    }
  }

  /// What a person finds in Seahorse.
  private func attributes(of item: KeyItem, certificate: Certificate) -> [String: String] {
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

/// Right before a store write begins.
func commit(_ caller: any Caller) throws(Failure) {
  do { try caller.passCommitPoint() } catch { throw .abandoned }
}
