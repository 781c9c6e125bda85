import Delegation

extension StoreDocument {
  /// The same items under other keys: new nonces, new seals, the next generation.
  ///
  /// Each entry is opened again before anything is written.
  func resealed(
    opening old: StoreKeys,
    sealing new: StoreKeys,
    _ random: any Randomness
  ) throws(StoreFailure) -> StoreDocument {
    var document = StoreDocument(derivation: new.derivation, verifier: new.verifier)
    document.generation = generation + 1
    for entry in entries {
      let secret = try old.open(entry)
      let nonce = random.bytes(AESGCM.nonceBytes)
      let sealed = try new.seal(secret, as: entry.item, attributes: entry.attributes, nonce: nonce)
      guard try new.open(sealed).holdsTheSame(as: secret) else {
        throw .unavailable(.inputOutput, found: "an entry does not open after it was sealed")
      }
      document[entry.item] = sealed
    }
    return document
  }
}
