/// Makes, imports, lists and deletes keys, and fixes what each is bound to.
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

  package struct Creation: Sendable {
    package var alias: String
    package var bits = 2048
    package var commonName: String
    package var validityDays = 365
    package var binding: KeyBinding?

    package init(alias: String, commonName: String? = nil, binding: KeyBinding? = nil) {
      self.alias = alias
      self.commonName = commonName ?? alias
      self.binding = binding
    }
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
      let request = CertificateRequest(
        commonName: creation.commonName,
        notBefore: now.advanced(bySeconds: -60),
        notAfter: now.advanced(bySeconds: Int64(creation.validityDays) * 86_400),
        serialNumber: random.bytes(16)
      )
      certificate = try keys.selfSign(request, with: keys.open(pem: privateKey))
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

  /// A key that was made elsewhere, with the certificate that is registered for it.
  package func importKey(
    alias: String,
    pem: borrowing SecretBytes,
    certificatePEM: [UInt8],
    binding: KeyBinding?,
    for caller: any Caller
  ) async throws(Failure) -> OpenKey {
    try ring.lockdown.requireOpen()
    let certificate: Certificate
    do throws(KeyFailure) {
      let signer = try keys.open(pem: pem)
      certificate = try keys.certificate(certificatePEM)
      guard certificate.subjectPublicKeyInfo == signer.publicKey.subjectPublicKeyInfo else {
        throw KeyFailure.certificateMismatch
      }
    } catch {
      throw .key(.material(error, alias: alias))
    }
    try await refuseExisting(alias, deadline: caller.deadline)
    let item = KeyItem(
      alias: alias,
      origin: .imported,
      createdAt: wallClock.now(),
      binding: binding,
      certificateDER: certificate.der
    )
    return try await write(item, privateKeyPEM: normalised(pem, alias: alias), for: caller)
  }

  package func get(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) -> OpenKey {
    try await ring.open(alias, deadline: deadline)
  }

  /// What `show` makes of every key; one that cannot be read is an error, because a list that hides it would say it is
  /// gone. Not all keys are open at the same time.
  package func list<Shown>(
    deadline: ContinuousClock.Instant,
    _ show: (OpenKey) -> Shown
  ) async throws(Failure) -> [Shown] {
    let aliases: [String]
    do throws(StoreFailure) { aliases = try await store.names(of: .key, deadline: deadline) } catch {
      throw .store(error, store: store.name)
    }
    var found: [Shown] = []
    for alias in aliases { found.append(show(try await ring.open(alias, deadline: deadline))) }
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
    try ring.lockdown.requireOpen()
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

  private func refuseExisting(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) {
    do throws(StoreFailure) {
      let names = try await store.names(of: .key, deadline: deadline)
      guard names.contains(where: { $0 == alias }) else { return }
    } catch {
      throw .store(error, store: store.name)
    }
    throw .key(.exists(alias: alias))
  }

  private func write(
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

  private func normalised(_ pem: borrowing SecretBytes, alias: String) throws(Failure) -> SecretBytes {
    do { return try keys.normalised(pem: pem) } catch { throw .key(.material(error, alias: alias)) }
  }
}

/// Right before a store write begins.
func commit(_ caller: any Caller) throws(Failure) {
  do { try caller.passCommitPoint() } catch { throw .abandoned }
}
