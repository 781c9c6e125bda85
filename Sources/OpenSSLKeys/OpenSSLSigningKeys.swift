import COpenSSL
package import Delegation

/// RSA keys and X.509 certificates through OpenSSL 3.
package struct OpenSSLSigningKeys: SigningKeys {
  package init() { OpenSSL.start() }

  /// - Parameter bits: 2048, 3072 or 4096.
  package func generate(bits: Int) throws(KeyFailure) -> SecretBytes {
    guard [2048, 3072, 4096].contains(bits) else {
      throw .unsupported(found: "\(bits) bits; a new RSA key has 2048, 3072 or 4096")
    }
    guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { throw OpenSSL.failure("making a key") }
    defer { EVP_PKEY_CTX_free(context) }
    var pointer: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1,
      EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)) == 1,
      EVP_PKEY_generate(context, &pointer) == 1,
      let pointer
    else { throw OpenSSL.failure("making a key") }
    return try PrivateKey(takingOwnershipOf: pointer).pkcs8()
  }

  package func open(pem: borrowing SecretBytes) throws(KeyFailure) -> any SigningKey {
    let nobody = Passphrase(bytes: nil, count: 0)
    return try readingAKey { () throws(KeyFailure) in
      try pem.withUnsafeBytes { (text) throws(KeyFailure) in
        try RSAPrivateKey(PrivateKey(readingPEM: text, passphrase: nobody))
      }
    }
  }

  package func unpack(_ material: borrowing KeyMaterial) throws(KeyFailure) -> UnpackedKey {
    let (opened, certificates) = try readingAKey { () throws(KeyFailure) in try material.unpacked() }
    return UnpackedKey(privateKeyPEM: try opened.key.pkcs8(), signer: opened, certificates: certificates)
  }

  package func selfSign(_ request: CertificateRequest, with key: any SigningKey) throws(KeyFailure) -> [UInt8] {
    guard let key = key as? RSAPrivateKey else {
      throw .unsupported(found: "a key that is not held by OpenSSL; it cannot sign a certificate here")
    }
    return try X509Certificate.selfSigned(request, with: key).der()
  }

  package func certificate(_ der: [UInt8]) throws(KeyFailure) -> Certificate {
    try X509Certificate.read(der).description()
  }

  package func certificates(pem: [UInt8]) throws(KeyFailure) -> [[UInt8]] {
    try X509Certificate.blocks(inPEM: pem)
  }
  private func readingAKey<Result>(_ read: () throws(KeyFailure) -> Result) throws(KeyFailure) -> Result {
    guard LockedHeap.hasRoomForAKey else { throw .failed(operation: "opening a key: the locked memory is full") }
    return try LockedHeap.leavingNoTrace(read)
  }
}
