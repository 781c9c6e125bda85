import COpenSSL
import Delegation

/// More than any key with its certificates and the text around them.
let maximumInputBytes = 64 << 10

extension PrivateKey {
  /// The one private key in `text`; certificates and other text around it are skipped.
  ///
  /// - Throws: what was found instead, never its bytes. Nothing is asked on the terminal.
  init(readingPEM text: UnsafeRawBufferPointer, passphrase: Passphrase) throws(KeyFailure) {
    guard text.count <= maximumInputBytes else {
      throw .unreadable(found: "\(text.count) bytes; a private key has \(maximumInputBytes) at most")
    }
    let blocks = pemBlocks(in: text)
    let keys = blocks.filter(\.kind.isPrivateKey)
    guard let block = keys.first else {
      throw .unreadable(found: blocks.first.map { "\($0.kind.name), not a private key" } ?? nameOfForeignText(text))
    }
    guard keys.count == 1 else {
      throw .unreadable(found: "\(keys.count) private keys; give the one that is meant")
    }
    try self.init(block, passphrase)
  }

  private init(_ block: PEMBlock, _ passphrase: Passphrase) throws(KeyFailure) {
    switch block.kind {
    case .privateKey, .rsaPrivateKey, .encryptedPrivateKey: break
    case .ecPrivateKey: throw .unsupported(found: "an EC key; \(needsRSA)")
    case .dsaPrivateKey: throw .unsupported(found: "a DSA key; \(needsRSA)")
    case .opensshPrivateKey:
      throw .unreadable(found: "an OpenSSH private key; convert it with ssh-keygen -p -m PEM")
    case .pgpKey, .certificate, .certificateRequest, .publicKey, .pkcs7, .other:
      throw .unreadable(found: "\(block.kind.name), not a private key")
    }
    let body = try ArmouredBytes(block.requireBody()).collected()
    self = try body.withUnsafeBytes { (body) throws(KeyFailure) in
      if block.kind == .encryptedPrivateKey { return try PrivateKey(decryptingPKCS8: decoded(body), passphrase) }
      if body.contains(UInt8(ascii: ":")) { return try PrivateKey(decryptingTraditional: body, passphrase) }
      guard !passphrase.isGiven else { throw .passphraseIsUseless(for: "a private key") }
      return try PrivateKey(der: decoded(body))
    }
  }

  /// PKCS#8 or PKCS#1, whatever its label said.
  init(der: borrowing SecretBytes) throws(KeyFailure) {
    self = try der.withUnsafeBytes { (bytes) throws(KeyFailure) in
      let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      var end = start
      if let info = d2i_PKCS8_PRIV_KEY_INFO(nil, &end, bytes.count) {
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        guard end == start?.advanced(by: bytes.count) else { throw .damaged }
        return try PrivateKey(info)
      }
      OpenSSL.forgetErrors()
      end = start
      guard let pointer = d2i_PrivateKey(NID_rsaEncryption, nil, &end, bytes.count) else {
        OpenSSL.forgetErrors()
        throw .damaged
      }
      let key = PrivateKey(takingOwnershipOf: pointer)
      guard end == start?.advanced(by: bytes.count) else { throw .damaged }
      return key
    }
  }

  /// - Parameter info: a `PKCS8_PRIV_KEY_INFO`, only borrowed. Its algorithm is looked at before its numbers are: those
  ///   of other algorithms may be made to cost hours.
  init(_ info: OpaquePointer) throws(KeyFailure) {
    var algorithm: OpaquePointer?  // ASN1_OBJECT
    guard PKCS8_pkey_get0(&algorithm, nil, nil, nil, info) == 1 else { throw OpenSSL.failure("reading the key") }
    let kind = OBJ_obj2nid(algorithm)
    guard kind == NID_rsaEncryption else {
      throw .unsupported(found: "\(otherKinds[kind] ?? "another kind of") key; \(needsRSA)")
    }
    guard let pointer = EVP_PKCS82PKEY(info) else {
      OpenSSL.forgetErrors()
      throw .damaged
    }
    self.init(takingOwnershipOf: pointer)
  }
}

private let needsRSA = "RS256 needs RSA of 2048 bits or more"

private let otherKinds = [
  NID_rsassaPss: "an RSA-PSS", NID_X9_62_id_ecPublicKey: "an EC", NID_dsa: "a DSA", NID_ED25519: "an Ed25519",
  NID_ED448: "an Ed448", NID_X25519: "an X25519", NID_X448: "an X448", NID_dhKeyAgreement: "a DH",
]

extension PEMBlock {
  func requireBody() throws(KeyFailure) -> UnsafeRawBufferPointer {
    guard let body else { throw .unreadable(found: "\(kind.name) whose PEM block has no matching END line: cut off") }
    return body
  }
}

private func decoded(_ digits: UnsafeRawBufferPointer) throws(KeyFailure) -> SecretBytes {
  guard let der = decodedBase64(digits) else { throw .damaged }
  return der
}

extension KeyFailure {
  static let damaged = KeyFailure.unreadable(found: "a PEM block that cannot be read: damaged")
}
