import COpenSSL
import Delegation

extension X509Certificate {
  /// A v3 end-entity certificate that signs itself (RFC 5280), for one who only signs assertions.
  static func selfSigned(_ request: CertificateRequest, with key: RSAPrivateKey) throws(KeyFailure) -> X509Certificate {
    guard let pointer = X509_new() else { throw OpenSSL.failure("making a certificate") }
    let certificate = X509Certificate(takingOwnershipOf: pointer)
    let versionThree = 2
    guard X509_set_version(pointer, versionThree) == 1, X509_set_pubkey(pointer, key.key.pointer) == 1 else {
      throw OpenSSL.failure("making a certificate")
    }
    try certificate.setSerialNumber(request.serialNumber)
    try certificate.setValidity(from: request.notBefore, to: request.notAfter)
    try certificate.setName(request.commonName)
    try certificate.addExtensions()
    guard X509_sign(pointer, key.key.pointer, EVP_sha256()) > 0 else {
      throw OpenSSL.failure("signing the certificate")
    }
    return certificate
  }

  /// RFC 5280 section 4.1.2.2: positive, 20 octets at most with the sign.
  private borrowing func setSerialNumber(_ bytes: [UInt8]) throws(KeyFailure) {
    guard (1...19).contains(bytes.count), bytes.contains(where: { $0 != 0 }) else {
      throw .failed(operation: "setting the serial number: 1 to 19 bytes are needed that are not all zero")
    }
    let number = BN_bin2bn(bytes, Int32(bytes.count), nil)
    defer { BN_free(number) }
    guard number != nil, BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)) != nil else {
      throw OpenSSL.failure("setting the serial number")
    }
  }

  /// UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5).
  private borrowing func setValidity(from notBefore: UnixTime, to notAfter: UnixTime) throws(KeyFailure) {
    guard notBefore < notAfter else {
      throw .failed(operation: "setting the validity: it ends before it begins")
    }
    guard ASN1_TIME_set(X509_getm_notBefore(pointer), Int(notBefore.seconds)) != nil,
      ASN1_TIME_set(X509_getm_notAfter(pointer), Int(notAfter.seconds)) != nil
    else { throw OpenSSL.failure("setting the validity") }
  }

  /// Subject and issuer. X.520 bounds a common name to 64 characters (`ub-common-name`).
  private borrowing func setName(_ commonName: String) throws(KeyFailure) {
    let length = commonName.unicodeScalars.count
    guard (1...64).contains(length) else {
      throw .failed(operation: "setting the common name: it has \(length) characters, X.520 allows 1 to 64")
    }
    guard let name = X509_get_subject_name(pointer),
      X509_NAME_add_entry_by_NID(
        name,
        NID_commonName,
        MBSTRING_UTF8,
        Array(commonName.utf8),
        Int32(commonName.utf8.count),
        -1,
        0
      ) == 1,
      X509_set_issuer_name(pointer, name) == 1
    else { throw OpenSSL.failure("setting the common name") }
  }

  /// The key identifier reads the public key, so that is set before.
  private borrowing func addExtensions() throws(KeyFailure) {
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, pointer, pointer, nil, nil, 0)
    let extensions = [
      (NID_basic_constraints, "critical,CA:FALSE"),
      (NID_key_usage, "critical,digitalSignature"),
      (NID_subject_key_identifier, "hash"),
    ]
    for (identifier, value) in extensions {
      guard let made = X509V3_EXT_conf_nid(nil, &context, identifier, value) else {
        throw OpenSSL.failure("making a certificate extension")
      }
      defer { X509_EXTENSION_free(made) }
      guard X509_add_ext(pointer, made, -1) == 1 else { throw OpenSSL.failure("adding a certificate extension") }
    }
  }
}
