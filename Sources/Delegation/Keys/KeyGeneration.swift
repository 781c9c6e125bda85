/// Makes and unpacks keys one at a time: RSA 4096, or a passphrase that was made slow on purpose, keeps a core busy for
/// seconds, and must never take all of them.
actor KeyGeneration {
  private let keys: any SigningKeys

  init(_ keys: any SigningKeys) { self.keys = keys }

  func generate(bits: Int) throws(KeyFailure) -> SecretBytes { try keys.generate(bits: bits) }

  func unpack(_ material: borrowing KeyMaterial) throws(KeyFailure) -> UnpackedKey { try keys.unpack(material) }
}
