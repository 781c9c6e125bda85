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
    try RSAPrivateKey(read(pem))
  }

  package func normalised(pem: borrowing SecretBytes) throws(KeyFailure) -> SecretBytes {
    let opened = try RSAPrivateKey(read(pem))
    try opened.key.requireConsistent()
    return try opened.key.pkcs8()
  }

  package func selfSign(_ request: CertificateRequest, with key: any SigningKey) throws(KeyFailure) -> [UInt8] {
    guard let key = key as? RSAPrivateKey else {
      throw .unsupported(found: "a key that is not held by OpenSSL; it cannot sign a certificate here")
    }
    return try X509Certificate.selfSigned(request, with: key).der()
  }

  package func certificate(_ encoded: [UInt8]) throws(KeyFailure) -> Certificate {
    try X509Certificate.read(encoded).description()
  }

  private func read(_ pem: borrowing SecretBytes) throws(KeyFailure) -> PrivateKey {
    guard LockedHeap.hasRoomForAKey else { throw .failed(operation: "opening a key: the locked memory is full") }
    return try LockedHeap.leavingNoTrace { () throws(KeyFailure) in
      try pem.withUnsafeBytes { (text) throws(KeyFailure) in try PrivateKey(readingPEM: text) }
    }
  }
}

extension PrivateKey {
  /// The key as an unencrypted PKCS#8 PEM (RFC 5958, RFC 7468 section 10).
  fileprivate borrowing func pkcs8() throws(KeyFailure) -> SecretBytes {
    let output = try MemoryBIO()
    let pointer = pointer
    let isWritten = LockedHeap.leavingNoTrace {
      PEM_write_bio_PKCS8PrivateKey(output.pointer, pointer, nil, nil, 0, nil, nil) == 1
    }
    guard isWritten else { throw OpenSSL.failure("writing the key") }
    return output.withContents { SecretBytes(copying: $0) }
  }

  /// Primes, modulus and exponents belong together. Costs about 50 ms at 2048 bits, 0.4 s at 4096.
  fileprivate borrowing func requireConsistent() throws(KeyFailure) {
    guard let context = EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else {
      throw OpenSSL.failure("checking the key")
    }
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_pairwise_check(context) == 1, EVP_PKEY_public_check(context) == 1 else {
      OpenSSL.forgetErrors()
      throw .unreadable(found: "an RSA key whose numbers do not belong together: damaged")
    }
  }
}
