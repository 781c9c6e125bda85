/// Makes and opens RSA key pairs and their certificates.
///
/// Calls are synchronous and may take seconds (`generate` at 4096 bits, `unpack` of a well protected key); callers run
/// them off the reader's thread.
package protocol SigningKeys: Sendable {
  /// A new RSA key, as an unencrypted PKCS#8 PEM.
  func generate(bits: Int) throws(KeyFailure) -> SecretBytes

  /// A handle that signs with the key in `pem` (PKCS#1 or PKCS#8, unencrypted).
  ///
  /// Refuses, naming what was found, everything that is not an RSA key of 2048 to 4096 bits. Text before the first
  /// `-----BEGIN` is skipped.
  func open(pem: borrowing SecretBytes) throws(KeyFailure) -> any SigningKey

  /// The one private key in `material`, decrypted.
  ///
  /// Refuses what `open` refuses, a key whose numbers do not belong together, two keys, a passphrase where nothing is
  /// encrypted, and a file that asks for more rounds of key derivation than a few seconds hold. Never asks anybody.
  func unpack(_ material: borrowing KeyMaterial) throws(KeyFailure) -> UnpackedKey

  /// A self-signed X.509 v3 certificate, as DER (RFC 5280): SHA-256, serial number as given.
  func selfSign(_ request: CertificateRequest, with key: any SigningKey) throws(KeyFailure) -> [UInt8]

  /// What a certificate says.
  func certificate(_ der: [UInt8]) throws(KeyFailure) -> Certificate

  /// The DER of every certificate in a PEM text, one at least. What it says is not looked at.
  func certificates(pem: [UInt8]) throws(KeyFailure) -> [[UInt8]]
}

/// An open private key. It only signs; the key itself cannot be read from it.
package protocol SigningKey: Sendable {
  var publicKey: PublicKey { get }

  /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3, `RS256`) over `message`. Safe from several threads.
  func signRS256(_ message: [UInt8]) throws(KeyFailure) -> [UInt8]
}

/// The public half of an RSA key.
package struct PublicKey: Sendable, Equatable {
  package let bits: Int
  /// Big-endian, without leading zeros (RFC 7518 section 6.3.1).
  package let modulus: [UInt8]
  package let exponent: [UInt8]
  /// SubjectPublicKeyInfo, DER.
  package let subjectPublicKeyInfo: [UInt8]

  package init(bits: Int, modulus: [UInt8], exponent: [UInt8], subjectPublicKeyInfo: [UInt8]) {
    self.bits = bits
    self.modulus = modulus
    self.exponent = exponent
    self.subjectPublicKeyInfo = subjectPublicKeyInfo
  }
}

/// What a new certificate shall say.
package struct CertificateRequest: Sendable {
  package let commonName: String
  package let notBefore: UnixTime
  package let notAfter: UnixTime
  /// 16 random bytes, read as a positive number.
  package let serialNumber: [UInt8]

  package init(commonName: String, notBefore: UnixTime, notAfter: UnixTime, serialNumber: [UInt8]) {
    self.commonName = commonName
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.serialNumber = serialNumber
  }
}

/// What a certificate says.
package struct Certificate: Sendable, Equatable {
  package let der: [UInt8]
  /// Distinguished names as RFC 2253 text.
  package let subject: String
  package let issuer: String
  /// Upper-case hexadecimal, as `openssl x509 -serial` prints it.
  package let serialNumber: String
  package let notBefore: UnixTime
  package let notAfter: UnixTime
  /// SHA-1 and SHA-256 of the DER.
  package let sha1: [UInt8]
  package let sha256: [UInt8]
  package let subjectPublicKeyInfo: [UInt8]

  package init(
    der: [UInt8],
    subject: String,
    issuer: String,
    serialNumber: String,
    notBefore: UnixTime,
    notAfter: UnixTime,
    sha1: [UInt8],
    sha256: [UInt8],
    subjectPublicKeyInfo: [UInt8]
  ) {
    self.der = der
    self.subject = subject
    self.issuer = issuer
    self.serialNumber = serialNumber
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.sha1 = sha1
    self.sha256 = sha256
    self.subjectPublicKeyInfo = subjectPublicKeyInfo
  }
}

/// Why key material could not be used. `found` names what was seen, never its bytes.
package enum KeyFailure: Error, Sendable, Equatable {
  /// Not a private key at all, or damaged: "a certificate, not a private key", "no PEM block".
  case unreadable(found: String)
  /// Readable, but nothing we sign with: "an EC key; RS256 needs RSA of 2048 bits or more".
  case unsupported(found: String)
  /// Of the certificates that were given, none belongs to the key.
  case certificateMismatch
  /// OpenSSL refused; `operation` says at what.
  case failed(operation: String)
}

/// Hash functions, for thumbprints and cache keys.
package protocol Digests: Sendable {
  func sha256(_ bytes: [UInt8]) -> [UInt8]
}
