import COpenSSL
import Delegation

/// More than any key with its certificates and the text around them.
let maximumInputBytes = 64 << 10

extension PrivateKey {
  /// The first private key in `text`; certificates and other text around it are skipped.
  ///
  /// - Throws: what was found instead, never its bytes. Nothing is asked on the terminal.
  init(readingPEM text: UnsafeRawBufferPointer) throws(KeyFailure) {
    guard text.count <= maximumInputBytes else {
      throw .unreadable(found: "\(text.count) bytes; a private key has \(maximumInputBytes) at most")
    }
    let blocks = pemBlocks(in: text)
    guard let block = blocks.first(where: \.kind.isPrivateKey) ?? blocks.first else {
      throw .unreadable(found: "no PEM block")
    }
    try self.init(decoding: block)
  }

  private init(decoding block: PEMBlock) throws(KeyFailure) {
    switch block.kind {
    case .rsaPrivateKey where block.hasEncryptionHeader: throw .unreadable(found: "an encrypted PKCS#1 key")
    case .privateKey, .rsaPrivateKey: break
    case .encryptedPrivateKey: throw .unreadable(found: "an encrypted PKCS#8 key")
    case .ecPrivateKey: throw .unsupported(found: "an EC key; RS256 needs RSA of 2048 bits or more")
    case .dsaPrivateKey: throw .unsupported(found: "a DSA key; RS256 needs RSA of 2048 bits or more")
    case .opensshPrivateKey:
      throw .unreadable(found: "an OpenSSH private key; convert it with ssh-keygen -p -m PEM")
    case .certificate: throw .unreadable(found: "a certificate, not a private key")
    case .certificateRequest: throw .unreadable(found: "a certificate request, not a private key")
    case .publicKey: throw .unreadable(found: "a public key, not a private key")
    case .other: throw .unreadable(found: "a PEM block of another kind, not a private key")
    }
    let input = try MemoryBIO(reading: block.bytes)
    guard let pointer = PEM_read_bio_PrivateKey(input.pointer, nil, refusePassword, nil) else {
      OpenSSL.forgetErrors()
      throw .unreadable(found: "a PEM block that cannot be read: damaged")
    }
    self.init(takingOwnershipOf: pointer)
  }
}

/// Answers OpenSSL's question for a password with a refusal; without it OpenSSL would ask on the terminal.
let refusePassword: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
  _,
  _,
  _,
  _ in -1
}
