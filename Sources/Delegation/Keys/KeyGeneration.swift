/// Makes keys one at a time: RSA 4096 keeps a core busy for a second or two, and must never take all of them.
actor KeyGeneration {
  private let keys: any SigningKeys

  init(_ keys: any SigningKeys) { self.keys = keys }

  func generate(bits: Int) throws(KeyFailure) -> SecretBytes { try keys.generate(bits: bits) }
}
