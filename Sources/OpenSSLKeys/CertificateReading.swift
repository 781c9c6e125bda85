import COpenSSL
import Delegation

extension X509Certificate {
  /// Every byte counts: a thumbprint over another encoding of the same certificate would be another thumbprint.
  static func read(_ der: [UInt8]) throws(KeyFailure) -> X509Certificate {
    guard der.count <= maximumInputBytes else {
      throw .unreadable(found: "\(der.count) bytes; a certificate has \(maximumInputBytes) at most")
    }
    let pointer = der.withUnsafeBufferPointer { bytes in
      var start = bytes.baseAddress
      return d2i_X509(nil, &start, bytes.count)
    }
    guard let pointer else {
      OpenSSL.forgetErrors()
      throw .unreadable(found: "a certificate that cannot be read: damaged")
    }
    let certificate = X509Certificate(takingOwnershipOf: pointer)
    guard try certificate.der() == der else {
      throw .unreadable(found: "a certificate that is not exactly one DER structure")
    }
    return certificate
  }

  /// The DER of the CERTIFICATE blocks of a text, one at least.
  static func blocks(inPEM text: [UInt8]) throws(KeyFailure) -> [[UInt8]] {
    guard text.count <= maximumInputBytes else {
      throw .unreadable(found: "\(text.count) bytes; certificates have \(maximumInputBytes) at most")
    }
    return try text.withUnsafeBufferPointer { (text) throws(KeyFailure) in
      let text = UnsafeRawBufferPointer(text)
      let certificates = try certificateBlocks(in: text)
      guard certificates.isEmpty else { return certificates }
      let found = pemBlocks(in: text).first.map { "\($0.kind.name), not a certificate" }
      throw .unreadable(found: found ?? "no PEM block of a certificate")
    }
  }

  /// What it says.
  ///
  /// - Throws: `.unsupported` for a public key that OpenSSL does not know, `.unreadable` for a date that is none.
  borrowing func description() throws(KeyFailure) -> Certificate {
    let encoded = try der()
    guard let key = X509_get0_pubkey(pointer) else {
      OpenSSL.forgetErrors()
      throw .unsupported(found: "a certificate with a public key of an unknown kind")
    }
    let digests = OpenSSLDigests()
    return Certificate(
      der: encoded,
      subject: try text(of: X509_get_subject_name(pointer)),
      issuer: try text(of: X509_get_issuer_name(pointer)),
      serialNumber: try serialNumber(),
      notBefore: try time(X509_get0_notBefore(pointer)),
      notAfter: try time(X509_get0_notAfter(pointer)),
      sha1: digests.sha1(encoded),
      sha256: digests.sha256(encoded),
      subjectPublicKeyInfo: try OpenSSLKeys.der("writing the public key") { i2d_PUBKEY(key, $0) }
    )
  }

  /// RFC 2253 text; escapes leave printable ASCII only.
  private borrowing func text(of name: OpaquePointer?) throws(KeyFailure) -> String {
    let output = try MemoryBIO()
    guard X509_NAME_print_ex(output.pointer, name, 0, onbehalf_rfc2253) >= 0 else {
      throw OpenSSL.failure("writing a distinguished name")
    }
    return output.withContents { String(decoding: $0, as: UTF8.self) }
  }

  private borrowing func serialNumber() throws(KeyFailure) -> String {
    let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(pointer), nil)
    defer { BN_free(number) }
    guard number != nil, let text = BN_bn2hex(number) else { throw OpenSSL.failure("writing the serial number") }
    defer { CRYPTO_free(text, #fileID, #line) }
    return String(cString: text)
  }

  /// Reckoned from 1970 by OpenSSL itself, for the C library knows no ASN.1 time.
  private borrowing func time(_ time: UnsafePointer<ASN1_TIME>?) throws(KeyFailure) -> UnixTime {
    let epoch = ASN1_TIME_set(nil, 0)
    defer { ASN1_TIME_free(epoch) }
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard epoch != nil, ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else {
      OpenSSL.forgetErrors()
      throw .unreadable(found: "a certificate with a date that is none")
    }
    return UnixTime(seconds: Int64(days) * 86_400 + Int64(seconds))
  }
}

/// The DER of the CERTIFICATE blocks of `text`, none perhaps.
func certificateBlocks(in text: UnsafeRawBufferPointer) throws(KeyFailure) -> [[UInt8]] {
  var certificates: [[UInt8]] = []
  for block in pemBlocks(in: text) where block.kind == .certificate {
    let digits = Array(ArmouredBytes(try block.requireBody()))
    guard let der = Base64.decode(digits, as: .standard), !der.isEmpty else {
      throw .unreadable(found: "a certificate whose PEM block cannot be read: damaged")
    }
    certificates.append(der)
  }
  return certificates
}
