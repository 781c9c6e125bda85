import COpenSSL
import Delegation

extension PrivateKey {
  /// An encrypted PKCS#8 key (RFC 5958 section 3).
  init(decryptingPKCS8 der: borrowing SecretBytes, _ passphrase: Passphrase) throws(KeyFailure) {
    let sealed = try der.withUnsafeBytes { (bytes) throws(KeyFailure) -> OpaquePointer in  // X509_SIG
      let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      var end = start
      guard let sealed = d2i_X509_SIG(nil, &end, bytes.count) else {
        OpenSSL.forgetErrors()
        throw .damaged
      }
      guard end == start?.advanced(by: bytes.count) else {
        X509_SIG_free(sealed)
        throw .damaged
      }
      return sealed
    }
    defer { X509_SIG_free(sealed) }
    var budget = DerivationBudget()
    try self.init(
      decrypting: sealed,
      passphrase,
      &budget,
      what: "an encrypted PKCS#8 key",
      remedy: "openssl pkcs8 -provider legacy -provider default -in OLD.pem -topk8 -out NEW.pem"
    )
  }

  /// - Parameter sealed: an `X509_SIG`, only borrowed.
  init(
    decrypting sealed: OpaquePointer,
    _ passphrase: Passphrase,
    _ budget: inout DerivationBudget,
    what: String,
    remedy: String
  ) throws(KeyFailure) {
    var algorithm: UnsafePointer<X509_ALGOR>?
    X509_SIG_get0(sealed, &algorithm, nil)
    guard let algorithm else { throw .damaged }
    try requireAffordable(algorithm, &budget, what: what, remedy: remedy)
    guard let info = PKCS8_decrypt(sealed, passphrase.bytes, passphrase.count) else {
      OpenSSL.forgetErrors()
      throw passphrase.doesNotOpen(what)
    }
    defer { PKCS8_PRIV_KEY_INFO_free(info) }
    try self.init(info)
  }

  /// A PKCS#1 key that is encrypted as RFC 1421 has it, with a key from one round of MD5.
  ///
  /// - Parameter body: without white space, so that `Proc-Type`, `DEK-Info` and the base64 stand in one row.
  init(decryptingTraditional body: UnsafeRawBufferPointer, _ passphrase: Passphrase) throws(KeyFailure) {
    let what = "an encrypted PKCS#1 key"
    let start = Array("Proc-Type:4,ENCRYPTEDDEK-Info:".utf8)
    let comma = UInt8(ascii: ",")
    guard body.starts(with: start) else { throw .damaged }
    let name = body.dropFirst(start.count).prefix { $0 != comma }
    let cipher = String(decoding: name, as: UTF8.self)
    guard let vectorBytes = traditionalCiphers[cipher] else {
      throw .unreadable(
        found: """
          \(what) under a cipher that is not opened here; convert it with \
          openssl rsa -provider legacy -provider default -in OLD.pem -aes256 -out NEW.pem
          """
      )
    }
    guard passphrase.isGiven else { throw passphrase.doesNotOpen(what) }
    let vector = body[name.endIndex...].dropFirst().prefix(vectorBytes * 2)
    guard vector.count == vectorBytes * 2, vector.allSatisfy(\.isHexadecimalDigit),
      let sealed = decodedBase64(UnsafeRawBufferPointer(rebasing: body[vector.endIndex...]))
    else { throw .damaged }
    let header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: \(cipher),\(String(decoding: vector, as: UTF8.self))\n"
    let der = try sealed.openedTraditionally(header, passphrase, what: what)
    do { try self.init(der: der) } catch {
      // A wrong passphrase passes for a right one in 1 of 256 cases, and leaves noise.
      throw error == .damaged ? passphrase.doesNotOpen(what) : error
    }
  }
}

/// Those of OpenSSL's default provider, with the length of their initialisation vector.
private let traditionalCiphers = [
  "DES-EDE3-CBC": 8, "AES-128-CBC": 16, "AES-192-CBC": 16, "AES-256-CBC": 16, "CAMELLIA-128-CBC": 16,
  "CAMELLIA-192-CBC": 16, "CAMELLIA-256-CBC": 16,
]

extension SecretBytes {
  fileprivate borrowing func openedTraditionally(
    _ header: String,
    _ passphrase: Passphrase,
    what: String
  ) throws(KeyFailure) -> SecretBytes {
    var cipher = EVP_CIPHER_INFO()
    var header = Array(header.utf8CString)
    guard PEM_get_EVP_CIPHER_INFO(&header, &cipher) == 1 else { throw OpenSSL.failure("reading the cipher of the key") }
    var length = count
    var isOpen = false
    let opened = withUnsafeBytes { sealed in
      SecretBytes(count: sealed.count) { memory in
        memory.copyMemory(from: sealed)
        var passphrase = passphrase
        isOpen =
          PEM_do_header(
            &cipher,
            memory.baseAddress?.assumingMemoryBound(to: UInt8.self),
            &length,
            givePassphrase,
            &passphrase
          ) == 1
      }
    }
    guard isOpen else {
      OpenSSL.forgetErrors()
      throw passphrase.doesNotOpen(what)
    }
    return opened.withUnsafeBytes { SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0.prefix(length))) }
  }
}

/// Answers OpenSSL's question for a passphrase with the `Passphrase` that was handed in; without an answer OpenSSL
/// would ask on the terminal.
private let givePassphrase:
  @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
    buffer,
    room,
    _,
    given in
    guard let buffer, let passphrase = given?.load(as: Passphrase.self), let bytes = passphrase.bytes,
      passphrase.count <= room
    else { return -1 }
    buffer.update(from: bytes, count: Int(passphrase.count))
    return passphrase.count
  }

extension UInt8 {
  fileprivate var isHexadecimalDigit: Bool {
    (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
  }
}
