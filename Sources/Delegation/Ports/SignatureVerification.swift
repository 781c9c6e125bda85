/// Tells whether somebody else signed something.
package protocol SignatureVerification: Sendable {
  /// Whether `signature` is the one that the owner of `key` makes over `message` by RSASSA-PKCS1-v1_5 with SHA-256
  /// (RFC 7518 section 3.3, `RS256`). Any other, however like it, is none.
  ///
  /// - Throws: when it could not be found out.
  func isRS256(_ signature: [UInt8], of message: [UInt8], by key: VerificationKey) throws(KeyFailure) -> Bool
}

/// Somebody else's public RSA key, within the bounds of what is computed with.
package struct VerificationKey: Sendable, Hashable {
  /// A smaller one could be forged; a larger one would hold a core for long.
  package static let acceptedBits = 2048...8192

  /// Big-endian, without leading zeros.
  package let modulus: [UInt8]
  package let exponent: [UInt8]

  /// Nil out of bounds, and for numbers that no RSA key has: a modulus that is even, an exponent that is even, 1, or
  /// longer than 32 bits.
  package init?(modulus: [UInt8], exponent: [UInt8]) {
    self.modulus = Array(modulus.drop { $0 == 0 })
    self.exponent = Array(exponent.drop { $0 == 0 })
    guard Self.acceptedBits.contains(bits), Self.isOdd(self.modulus), Self.isOdd(self.exponent),
      self.exponent.count <= 4, self.exponent != [1]
    else { return nil }
  }

  package var bits: Int { modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0) }

  private static func isOdd(_ number: [UInt8]) -> Bool { (number.last ?? 0) & 1 == 1 }
}
