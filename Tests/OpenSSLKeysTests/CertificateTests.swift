import Delegation
import Foundation
import OpenSSLKeys
import Testing

@Suite struct CertificateTests {
  let keys = OpenSSLSigningKeys()

  private func request(
    commonName: String = "fusion-prod",
    notBefore: UnixTime = UnixTime(seconds: 1_790_000_000),
    notAfter: UnixTime = UnixTime(seconds: 1_821_536_000),
    serialNumber: [UInt8] = [0xFE] + Array(1...15)
  ) -> CertificateRequest {
    CertificateRequest(
      commonName: commonName,
      notBefore: notBefore,
      notAfter: notAfter,
      serialNumber: serialNumber
    )
  }

  private func selfSigned(_ request: CertificateRequest) throws -> [UInt8] {
    try keys.selfSign(request, with: keys.open(pem: SecretBytes(copying: RFC7515Example.pem())))
  }

  @Test func newCertificateIsReadByOpenSSL() throws {
    let openssl = try OpenSSLCommand()
    try openssl.place(selfSigned(request()), as: "certificate.der")
    try openssl("x509 -inform DER -in certificate.der -out certificate.pem")
    let text = try openssl("x509 -in certificate.pem -text -noout")
    for line in [
      "Version: 3 (0x2)", "Signature Algorithm: sha256WithRSAEncryption", "Issuer: CN = fusion-prod",
      "Subject: CN = fusion-prod", "Public-Key: (2048 bit)", "X509v3 Subject Key Identifier:",
    ] {
      #expect(text.contains(line), "\(line)")
    }
    #expect(text.contains(/X509v3 Basic Constraints: critical\s+CA:FALSE\n/))
    #expect(text.contains(/X509v3 Key Usage: critical\s+Digital Signature\n/))
    #expect(
      try openssl("verify -x509_strict -CAfile certificate.pem -attime 1800000000 certificate.pem").contains("OK")
    )
  }

  @Test func whatACertificateSaysIsWhatOpenSSLReads() throws {
    let openssl = try OpenSSLCommand()
    let der = try selfSigned(request(commonName: "José, Payables + Co"))
    try openssl.place(der, as: "certificate.der")
    let certificate = try keys.certificate(der)
    let shown = try openssl("x509 -inform DER -in certificate.der -noout -subject -issuer -nameopt RFC2253 -serial")
    #expect(
      shown == """
        subject=\(certificate.subject)
        issuer=\(certificate.issuer)
        serial=\(certificate.serialNumber)

        """
    )
    #expect(certificate.serialNumber == "FE0102030405060708090A0B0C0D0E0F")
    #expect(certificate.notBefore == request().notBefore)
    #expect(certificate.notAfter == request().notAfter)
    #expect(certificate.der == der)
    for (digest, bytes) in [("sha1", certificate.sha1), ("sha256", certificate.sha256)] {
      let hexadecimal = bytes.map { String(format: "%02X", $0) }.joined(separator: ":")
      #expect(
        try openssl("x509 -inform DER -in certificate.der -noout -fingerprint -\(digest)").contains("=\(hexadecimal)\n")
      )
    }
  }

  @Test func certificateCarriesThePublicKeyOfItsSigner() throws {
    let key = try keys.open(pem: keys.generate(bits: 2048))
    let certificate = try keys.certificate(keys.selfSign(request(), with: key))
    #expect(certificate.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo)
  }

  @Test(arguments: [
    (2_524_607_999, "UTCTIME", "491231235959Z"),
    (2_524_608_000, "GENERALIZEDTIME", "20500101000000Z"),
    (253_402_300_799, "GENERALIZEDTIME", "99991231235959Z"),
  ])
  func datesAreWrittenAsRFC5280Says(seconds: Int64, type: String, text: String) throws {
    let openssl = try OpenSSLCommand()
    let der = try selfSigned(request(notAfter: UnixTime(seconds: seconds)))
    try openssl.place(der, as: "certificate.der")
    let parsed = try openssl("asn1parse -inform DER -in certificate.der")
    let types = parsed.split(separator: "\n").filter { $0.hasSuffix(":\(text)") }
    #expect(types.count == 1 && types.allSatisfy { $0.contains(" \(type) ") })
    #expect(try keys.certificate(der).notAfter == UnixTime(seconds: seconds))
  }

  @Test(arguments: ["", String(repeating: "x", count: 65)])
  func commonNamesOutsideX520AreRefused(name: String) {
    let failure = KeyFailure.failed(
      operation: "setting the common name: it has \(name.count) characters, X.520 allows 1 to 64"
    )
    #expect(throws: failure) { try selfSigned(request(commonName: name)) }
  }

  @Test func longestCommonNameIsCountedInCharacters() throws {
    let name = String(repeating: "\u{1F511}", count: 64)
    #expect(try keys.certificate(selfSigned(request(commonName: name))).subject.hasPrefix(#"CN=\F0\9F\94\91"#))
  }

  @Test(arguments: [[], [0], [UInt8](repeating: 0, count: 16), [UInt8](repeating: 1, count: 20)])
  func serialNumbersOutsideRFC5280AreRefused(serial: [UInt8]) {
    #expect(throws: KeyFailure.self) { try selfSigned(request(serialNumber: serial)) }
  }

  @Test func validityThatEndsBeforeItBeginsIsRefused() {
    #expect(throws: KeyFailure.failed(operation: "setting the validity: it ends before it begins")) {
      try selfSigned(request(notAfter: UnixTime(seconds: 0)))
    }
  }

  @Test func certificateIsFoundInAnyPEM() throws {
    let openssl = try OpenSSLCommand()
    let der = try selfSigned(request())
    try openssl.place(der, as: "certificate.der")
    let pem = try openssl.written(by: "x509 -inform DER -in certificate.der")
    let spellings = [
      pem,
      try RFC7515Example.pem() + pem,
      Array("Bag Attributes\n  friendlyName: x\n".utf8) + pem,
      pem.flatMap { $0 == UInt8(ascii: "\n") ? Array("\r\n".utf8) : [$0] },
    ]
    for spelling in spellings { #expect(try keys.certificates(pem: spelling) == [der]) }
  }

  @Test func whatIsNoCertificateIsNamed() throws {
    let der = try selfSigned(request())
    let texts: [([UInt8], String)] = [
      ([], "no PEM block of a certificate"),
      (try RFC7515Example.pem(), "a private key, not a certificate"),
      (Array("-----BEGIN PUBLIC KEY-----\n".utf8), "a public key, not a certificate"),
      (Array("-----BEGIN CERTIFICATE REQUEST-----\n".utf8), "a certificate request, not a certificate"),
      (Array("-----BEGIN PKCS7-----\n".utf8), "a PKCS#7 bundle of certificates, not a certificate"),
      (Array("-----BEGIN X509 CRL-----\n".utf8), "a PEM block of another kind, not a certificate"),
      (
        Array("-----BEGIN CERTIFICATE-----\nAAAA".utf8),
        "a certificate whose PEM block has no matching END line: cut off"
      ),
      (
        Array("-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----".utf8),
        "a certificate whose PEM block cannot be read: damaged"
      ),
      ([UInt8](repeating: 0x30, count: 65_537), "65537 bytes; certificates have 65536 at most"),
    ]
    for (text, found) in texts {
      #expect(throws: KeyFailure.unreadable(found: found)) { try keys.certificates(pem: text) }
    }
    let structures: [([UInt8], String)] = [
      ([], "a certificate that cannot be read: damaged"),
      (der.dropLast(), "a certificate that cannot be read: damaged"),
      (der + [0], "a certificate that is not exactly one DER structure"),
      ([UInt8](repeating: 0x30, count: 65_537), "65537 bytes; a certificate has 65536 at most"),
    ]
    for (encoded, found) in structures {
      #expect(throws: KeyFailure.unreadable(found: found)) { try keys.certificate(encoded) }
    }
  }

  @Test func flippedBitsNeverCrash() throws {
    let der = try selfSigned(request())
    for bit in 0..<(der.count * 8) {
      var damaged = der
      damaged[bit / 8] ^= 1 << (bit % 8)
      if let certificate = try? keys.certificate(damaged) { #expect(certificate.der == damaged) }
    }
  }
}
