/// One block of a text (RFC 7468), in any spelling that survives copying. Valid as long as the text is.
struct PEMBlock {
  let kind: Kind
  /// What stands between its BEGIN and its END; nil when the END is missing or names something else.
  let body: UnsafeRawBufferPointer?

  enum Kind {
    case privateKey
    case rsaPrivateKey
    case encryptedPrivateKey
    case ecPrivateKey
    case dsaPrivateKey
    case opensshPrivateKey
    case pgpKey
    case certificate
    case certificateRequest
    case publicKey
    case pkcs7
    case other
  }
}

extension PEMBlock.Kind {
  /// - Parameter label: without its spaces, which some ways of copying drop.
  init(label: String) {
    self =
      switch label {
      case "PRIVATEKEY": .privateKey
      case "RSAPRIVATEKEY": .rsaPrivateKey
      case "ENCRYPTEDPRIVATEKEY": .encryptedPrivateKey
      case "ECPRIVATEKEY": .ecPrivateKey
      case "DSAPRIVATEKEY": .dsaPrivateKey
      case "OPENSSHPRIVATEKEY": .opensshPrivateKey
      case "PGPPRIVATEKEYBLOCK", "PGPPUBLICKEYBLOCK": .pgpKey
      case "CERTIFICATE", "X509CERTIFICATE": .certificate
      case "CERTIFICATEREQUEST", "NEWCERTIFICATEREQUEST": .certificateRequest
      case "PUBLICKEY", "RSAPUBLICKEY": .publicKey
      case "PKCS7", "CMS": .pkcs7
      default: .other
      }
  }

  var isPrivateKey: Bool {
    switch self {
    case .privateKey, .rsaPrivateKey, .encryptedPrivateKey, .ecPrivateKey, .dsaPrivateKey, .opensshPrivateKey: true
    case .pgpKey, .certificate, .certificateRequest, .publicKey, .pkcs7, .other: false
    }
  }

  /// What one would call it, for those who found it in the wrong place.
  var name: String {
    switch self {
    case .privateKey, .rsaPrivateKey, .encryptedPrivateKey, .ecPrivateKey, .dsaPrivateKey, .opensshPrivateKey:
      "a private key"
    case .pgpKey: "a PGP key"
    case .certificate: "a certificate"
    case .certificateRequest: "a certificate request"
    case .publicKey: "a public key"
    case .pkcs7: "a PKCS#7 bundle of certificates"
    case .other: "a PEM block of another kind"
    }
  }
}

/// The PEM blocks of `text` in order. What stands around them is skipped, nothing is copied.
func pemBlocks(in text: UnsafeRawBufferPointer) -> [PEMBlock] {
  var blocks: [PEMBlock] = []
  var next = text.firstRange(of: begin, from: 0)
  while let found = next {
    next = text.firstRange(of: begin, from: found.upperBound)
    let block = UnsafeRawBufferPointer(rebasing: text[found.upperBound..<(next?.lowerBound ?? text.count)])
    blocks.append(PEMBlock(behindBegin: block))
  }
  return blocks
}

private let begin = Array("-----BEGIN".utf8)
private let end = Array("-----END".utf8)
private let dashes = Array("-----".utf8)

extension PEMBlock {
  fileprivate init(behindBegin text: UnsafeRawBufferPointer) {
    guard let label = Self.label(in: text, from: 0) else {
      self.init(kind: .other, body: nil)
      return
    }
    let kind = Kind(label: label.text)
    guard let stop = text.firstRange(of: end, from: label.end),
      let closing = Self.label(in: text, from: stop.upperBound), closing.text == label.text
    else {
      self.init(kind: kind, body: nil)
      return
    }
    self.init(kind: kind, body: UnsafeRawBufferPointer(rebasing: text[label.end..<stop.lowerBound]))
  }

  /// What stands before the next five dashes, when it can be a label.
  private static func label(in text: UnsafeRawBufferPointer, from start: Int) -> (text: String, end: Int)? {
    let longest = 64
    guard let stop = text.firstRange(of: dashes, from: start), stop.lowerBound - start <= longest else { return nil }
    return (String(decoding: text[start..<stop.lowerBound].filter { $0 > 0x20 }, as: UTF8.self), stop.upperBound)
  }
}

extension UnsafeRawBufferPointer {
  func firstRange(of pattern: [UInt8], from start: Int) -> Range<Int>? {
    var offset = start
    while offset + pattern.count <= count {
      if self[offset] == pattern[0], self[offset..<(offset + pattern.count)].elementsEqual(pattern) {
        return offset..<(offset + pattern.count)
      }
      offset += 1
    }
    return nil
  }
}
