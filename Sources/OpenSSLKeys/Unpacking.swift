import COpenSSL
import Delegation

extension KeyMaterial {
  /// The private key, checked, and what certificates stand beside it; these are read, not looked at.
  borrowing func unpacked() throws(KeyFailure) -> (key: RSAPrivateKey, certificates: [[UInt8]]) {
    try passphrase.withPassphrase { (passphrase) throws(KeyFailure) in
      try text.withUnsafeBytes { (text) throws(KeyFailure) in
        switch form {
        case .pem:
          let key = try PrivateKey(readingPEM: text, passphrase: passphrase)
          return (try opened(key), try certificateBlocks(in: text))
        case .pkcs12:
          let file = try pkcs12File(in: text)
          let contents = try file.withUnsafeBytes { (file) throws(KeyFailure) in
            try PKCS12Contents(reading: file, passphrase)
          }
          let certificates = contents.certificates
          return (try opened(contents.privateKey()), certificates)
        }
      }
    }
  }

  /// No number is reckoned with before it is known not to be longer than the modulus.
  private borrowing func opened(_ key: consuming PrivateKey) throws(KeyFailure) -> RSAPrivateKey {
    try key.requireNumbersOfItsLength()
    let opened = try RSAPrivateKey(key)
    try opened.key.requireConsistent()
    return opened
  }
}

private func pkcs12File(in text: UnsafeRawBufferPointer) throws(KeyFailure) -> SecretBytes {
  guard text.count <= maximumInputBytes else {
    throw .unreadable(found: "\(text.count) bytes; a PKCS#12 file in base64 has \(maximumInputBytes) at most")
  }
  guard pemBlocks(in: text).isEmpty else { throw .unreadable(found: "a PEM text, not a PKCS#12 file; give it as pem") }
  let digits = ArmouredBytes(text).collected()
  guard let file = digits.withUnsafeBytes(decodedBase64) else {
    throw .unreadable(found: "no base64 of a PKCS#12 file; make it with base64 FILE.p12")
  }
  return file
}

extension PrivateKey {
  /// The key as an unencrypted PKCS#8 PEM (RFC 5958, RFC 7468 section 10).
  borrowing func pkcs8() throws(KeyFailure) -> SecretBytes {
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
      throw .inconsistent
    }
  }

  /// No number is longer than the modulus: whether a prime of 100,000 bits is one takes hours.
  fileprivate borrowing func requireNumbersOfItsLength() throws(KeyFailure) {
    let bits = EVP_PKEY_get_bits(pointer)
    let numbers = ["d"] + (1...10).flatMap { ["rsa-factor\($0)", "rsa-exponent\($0)", "rsa-coefficient\($0)"] }
    for name in numbers {
      var number: OpaquePointer?  // BIGNUM
      guard EVP_PKEY_get_bn_param(pointer, name, &number) == 1 else {
        OpenSSL.forgetErrors()
        guard name != "d" else { throw .inconsistent }
        continue
      }
      defer { BN_clear_free(number) }
      guard BN_num_bits(number) <= bits else { throw .inconsistent }
    }
  }
}

extension KeyFailure {
  fileprivate static let inconsistent = KeyFailure.unreadable(
    found: "an RSA key whose numbers do not belong together: damaged"
  )
}
