package import Delegation

/// Keys without cryptography: a "PEM" is any text, its signature is `signed:` and the number of bytes.
///
/// What is real about keys is tested in OpenSSLKeysTests; here only who signs what counts.
package struct PlainKeys: SigningKeys {
  package init() {}

  package func generate(bits: Int) throws(KeyFailure) -> SecretBytes {
    SecretBytes(copying: Array("-----BEGIN PRIVATE KEY-----\n\(bits)\n-----END PRIVATE KEY-----\n".utf8))
  }

  package func open(pem: borrowing SecretBytes) throws(KeyFailure) -> any SigningKey {
    guard pem.count > 0 else { throw .unreadable(found: "no PEM block") }
    return PlainKey()
  }

  package func unpack(_ material: borrowing KeyMaterial) throws(KeyFailure) -> UnpackedKey {
    UnpackedKey(
      privateKeyPEM: material.text.withUnsafeBytes { SecretBytes(copying: $0) },
      signer: try open(pem: material.text),
      certificates: []
    )
  }

  package func selfSign(_ request: CertificateRequest, with key: any SigningKey) throws(KeyFailure) -> [UInt8] {
    Array("certificate of \(request.commonName)".utf8)
  }

  package func certificates(pem: [UInt8]) throws(KeyFailure) -> [[UInt8]] { [pem] }

  package func certificate(_ der: [UInt8]) throws(KeyFailure) -> Certificate {
    Certificate(
      der: der,
      subject: "CN=plain",
      issuer: "CN=plain",
      serialNumber: "01",
      notBefore: UnixTime(seconds: 1_600_000_000),
      notAfter: UnixTime(seconds: 1_800_000_000),
      sha1: [UInt8](repeating: 1, count: 20),
      sha256: [UInt8](repeating: 2, count: 32),
      subjectPublicKeyInfo: PlainKey.publicKeyInfo
    )
  }
}

private struct PlainKey: SigningKey {
  static let publicKeyInfo: [UInt8] = [1, 2, 3]

  let publicKey = PublicKey(bits: 2048, modulus: [1], exponent: [1, 0, 1], subjectPublicKeyInfo: publicKeyInfo)

  func signRS256(_ message: [UInt8]) throws(KeyFailure) -> [UInt8] { Array("signed:\(message.count)".utf8) }
}

/// Signatures without cryptography: that of a key is `signed by`, its first byte and the message.
package struct PlainSignatures: SignatureVerification {
  package init() {}

  package static func sign(_ message: some Sequence<UInt8>, with key: VerificationKey) -> [UInt8] {
    Array("signed by \(key.modulus[0]): ".utf8) + message
  }

  package func isRS256(_ signature: [UInt8], of message: [UInt8], by key: VerificationKey) throws(KeyFailure) -> Bool {
    signature == Self.sign(message, with: key)
  }
}
