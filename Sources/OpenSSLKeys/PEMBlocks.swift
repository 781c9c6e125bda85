/// One `-----BEGIN …` of a text, up to the next one or the end.
struct PEMBlock {
  let kind: Kind
  /// From the first dash of its BEGIN line, so that OpenSSL reads this block and none before it.
  let bytes: UnsafeRawBufferPointer

  enum Kind {
    case privateKey
    case rsaPrivateKey
    case encryptedPrivateKey
    case ecPrivateKey
    case dsaPrivateKey
    case opensshPrivateKey
    case certificate
    case certificateRequest
    case publicKey
    case other
  }

  /// A PKCS#1 key may be encrypted in the old manner of RFC 1421, told by a header that base64 cannot contain.
  var hasEncryptionHeader: Bool { bytes.firstRange(of: Array("Proc-Type:".utf8), from: 0) != nil }
}

extension PEMBlock.Kind {
  init(label: some Sequence<UInt8>) {
    self =
      switch String(decoding: Array(label), as: UTF8.self) {
      case "PRIVATE KEY": .privateKey
      case "RSA PRIVATE KEY": .rsaPrivateKey
      case "ENCRYPTED PRIVATE KEY": .encryptedPrivateKey
      case "EC PRIVATE KEY": .ecPrivateKey
      case "DSA PRIVATE KEY": .dsaPrivateKey
      case "OPENSSH PRIVATE KEY": .opensshPrivateKey
      case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE": .certificate
      case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST": .certificateRequest
      case "PUBLIC KEY", "RSA PUBLIC KEY": .publicKey
      default: .other
      }
  }

  var isPrivateKey: Bool {
    switch self {
    case .privateKey, .rsaPrivateKey, .encryptedPrivateKey, .ecPrivateKey, .dsaPrivateKey, .opensshPrivateKey: true
    case .certificate, .certificateRequest, .publicKey, .other: false
    }
  }
}

/// The PEM blocks of `text` in order (RFC 7468). What stands around them is skipped. Nothing is copied: a block is
/// valid as long as `text` is.
func pemBlocks(in text: UnsafeRawBufferPointer) -> [PEMBlock] {
  let begin = Array("-----BEGIN ".utf8)
  var blocks: [PEMBlock] = []
  var next = text.firstRange(of: begin, from: 0)
  while let found = next {
    next = text.firstRange(of: begin, from: found.upperBound)
    let block = UnsafeRawBufferPointer(rebasing: text[found.lowerBound..<(next?.lowerBound ?? text.count)])
    let label = block.dropFirst(begin.count).prefix { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "\n") }
    blocks.append(PEMBlock(kind: .init(label: label), bytes: block))
  }
  return blocks
}

extension UnsafeRawBufferPointer {
  fileprivate func firstRange(of pattern: [UInt8], from start: Int) -> Range<Int>? {
    guard count - start >= pattern.count else { return nil }
    return (start...(count - pattern.count))
      .first { self[$0] == pattern[0] && self[$0..<($0 + pattern.count)].elementsEqual(pattern) }
      .map { $0..<($0 + pattern.count) }
  }
}
