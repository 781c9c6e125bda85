import Delegation

/// `Key` of protocol/types.json: everything public about a key.
package struct KeyView: Encodable, Sendable {
  let alias: String
  let algorithm = "RS256"
  let bits: Int
  let origin: KeyItem.Origin
  let createdAt: String
  let binding: KeyBinding?
  let kid: String
  let x5t: String
  let x5tS256: String
  let certificatePem: String
  let certificate: CertificateView
  let publicKeyPem: String
  let jwk: JWK
  let store: String
  let succeeds: String?
  let retiredAt: String?
  let succeededBy: String?
  let warnings: [KeyWarning]

  private enum CodingKeys: String, CodingKey {
    case alias
    case algorithm
    case bits
    case origin
    case createdAt
    case binding
    case kid
    case x5t
    case x5tS256 = "x5t#S256"
    case certificatePem
    case certificate
    case publicKeyPem
    case jwk
    case store
    case succeeds
    case retiredAt
    case succeededBy
    case warnings
  }

  struct CertificateView: Encodable, Sendable {
    let subject: String
    let issuer: String
    let serialNumber: String
    let notBefore: String
    let notAfter: String
    let daysLeft: Int64
    let sha1Fingerprint: String
    let sha256Fingerprint: String
  }

  /// RFC 7517 and RFC 7518 section 6.3.1.
  struct JWK: Encodable, Sendable {
    let kty = "RSA"
    let n: String
    let e: String
    let kid: String
    let alg = "RS256"
    let use = "sig"
  }

  init(_ key: OpenKey, in services: Services) {
    let now = services.domain.wallClock.now()
    let publicKey = key.signer.publicKey
    alias = key.item.alias
    bits = publicKey.bits
    origin = key.item.origin
    createdAt = key.item.createdAt.rfc3339
    binding = key.item.binding
    kid = key.item.alias
    x5t = key.thumbprints.x5t
    x5tS256 = key.thumbprints.x5tS256
    certificatePem = PEM.encode(key.certificate.der, label: "CERTIFICATE")
    certificate = CertificateView(
      subject: key.certificate.subject,
      issuer: key.certificate.issuer,
      serialNumber: key.certificate.serialNumber,
      notBefore: key.certificate.notBefore.rfc3339,
      notAfter: key.certificate.notAfter.rfc3339,
      daysLeft: key.certificate.daysLeft(at: now),
      sha1Fingerprint: Self.fingerprint(key.certificate.sha1),
      sha256Fingerprint: Self.fingerprint(key.certificate.sha256)
    )
    publicKeyPem = PEM.encode(publicKey.subjectPublicKeyInfo, label: "PUBLIC KEY")
    jwk = JWK(
      n: Base64.encode(publicKey.modulus, as: .url),
      e: Base64.encode(publicKey.exponent, as: .url),
      kid: key.item.alias
    )
    store = services.domain.keys.store.name
    switch key.item.stage {
    case .current: (succeeds, retiredAt, succeededBy) = (nil, nil, nil)
    case .successor(let alias): (succeeds, retiredAt, succeededBy) = (alias, nil, nil)
    case .retired(let retirement):
      (succeeds, retiredAt, succeededBy) = (nil, retirement.at.rfc3339, retirement.successor)
    }
    warnings = KeyWarning.all(of: key, at: now)
  }

  /// As `openssl x509 -fingerprint` prints it.
  private static func fingerprint(_ hash: [UInt8]) -> String {
    hash.map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return digits.utf8.count == 1 ? "0" + digits : digits
    }.joined(separator: ":")
  }
}
