/// A key that was made elsewhere, and what it shall be here.
package struct KeyImport: ~Copyable, Sendable {
  package let alias: String
  package let material: KeyMaterial
  /// PEM; of several certificates the one that belongs to the key is taken. Without it one of the material is, and when
  /// there is none at all, one is made.
  package let certificatePEM: [UInt8]?
  package let binding: KeyBinding?

  package init(
    alias: String,
    material: consuming KeyMaterial,
    certificatePEM: [UInt8]? = nil,
    binding: KeyBinding? = nil
  ) {
    self.alias = alias
    self.material = material
    self.certificatePEM = certificatePEM
    self.binding = binding
  }
}

extension KeyService {
  /// Takes a key over. An alias that is taken is refused before the key is looked at, and again when it is written.
  package func importKey(_ given: borrowing KeyImport, for caller: any Caller) async throws(Failure) -> OpenKey {
    try ring.lockdown.requireOpen()
    try await refuseExisting(given.alias, deadline: caller.deadline)
    let now = wallClock.now()
    let unpacked = try await unpack(given)
    // That takes seconds, in which it may have been locked.
    try ring.lockdown.requireOpen()
    let item = KeyItem(
      alias: given.alias,
      origin: .imported,
      createdAt: now,
      binding: given.binding,
      certificateDER: try certificate(of: unpacked, for: given, at: now)
    )
    return try await write(item, privateKeyPEM: unpacked.privateKeyPEM, for: caller)
  }

  private func unpack(_ given: borrowing KeyImport) async throws(Failure) -> UnpackedKey {
    do { return try await generation.unpack(given.material) } catch {
      throw .key(.material(error, alias: given.alias))
    }
  }

  /// The one that belongs to the key, or a new one.
  private func certificate(
    of unpacked: borrowing UnpackedKey,
    for given: borrowing KeyImport,
    at now: UnixTime
  ) throws(Failure) -> [UInt8] {
    do throws(KeyFailure) {
      let signer = unpacked.signer
      let brought = try given.certificatePEM.map(keys.certificates) ?? unpacked.certificates
      guard !brought.isEmpty else {
        let name = Creation.commonName(of: given.alias)
        return try keys.selfSign(certificateRequest(name, days: Self.standardValidityDays, from: now), with: signer)
      }
      for der in brought
      where try keys.certificate(der).subjectPublicKeyInfo == signer.publicKey.subjectPublicKeyInfo { return der }
      throw .certificateMismatch
    } catch {
      throw .key(.material(error, alias: given.alias))
    }
  }
}
