import Delegation
import Foundation
import OpenSSLKeys
import Testing

@Suite struct KeyImportTests {
  private let keys = OpenSSLSigningKeys()
  private let payables: [UInt8]
  private let certificate: [UInt8]

  init() throws {
    payables = try ImportVector.payables()
    let pem = try Data(contentsOf: ImportVector.transcripts.appending(path: "payables.certificate.pem"))
    certificate = try #require(try keys.certificates(pem: [UInt8](pem)).first)
  }

  @Test func thereAreVectors() {
    #expect(ImportVector.accepted.count == 28)
    #expect(ImportVector.refused.count == 37)
  }

  @Test(arguments: ImportVector.accepted) func whatPeopleHaveIsTaken(vector: ImportVector) throws {
    let unpacked = try keys.unpack(vector.form, vector.text(), passphrase: vector.passphrase)
    #expect(unpacked.privateKeyPEM.withUnsafeBytes { Array($0) } == payables)
    #expect(unpacked.certificates.contains(certificate) == (vector.certificate == "payables"))
    #expect(unpacked.certificates.isEmpty == (vector.certificate == "made"))
  }

  @Test(arguments: ImportVector.refused) func whatIsRefusedIsNamed(vector: ImportVector) throws {
    let text = try vector.text()
    let found = try #require(vector.found)
    let failure: KeyFailure = vector.kind == "key_unreadable" ? .unreadable(found: found) : .unsupported(found: found)
    #expect(throws: failure) { _ = try keys.unpack(vector.form, text, passphrase: vector.passphrase) }
  }

  @Test(arguments: ImportVector.encrypted) func aWrongOrMissingPassphraseIsTold(vector: ImportVector) throws {
    let text = try vector.text()
    for (passphrase, end) in [
      ("", ", and no passphrase was given"), ("Sesame", ", and a passphrase that does not open it"),
    ] {
      let failure = try #require(throws: KeyFailure.self) {
        _ = try keys.unpack(vector.form, text, passphrase: passphrase)
      }
      guard case .unreadable(let found) = failure else {
        Issue.record("\(failure)")
        continue
      }
      let name = vector.form == .pkcs12 ? "a PKCS#12 file" : "an encrypted PKCS#"
      #expect(found.hasPrefix(name) && found.hasSuffix(end), "\(found)")
    }
  }

  /// In all 256 cases of the last byte of a wrong decryption: noise that looks padded is no other failure.
  @Test func everyWrongPassphraseIsAWrongPassphrase() throws {
    let vector = try #require(ImportVector.encrypted.first { $0.file == "pkcs1-3des.pem" })
    let text = try vector.text()
    let failure = KeyFailure.unreadable(found: "an encrypted PKCS#1 key, and a passphrase that does not open it")
    for number in 0..<2000 {
      #expect(throws: failure) { _ = try keys.unpack(.pem, text, passphrase: "wrong \(number)") }
    }
  }

  @Test(arguments: ["pkcs8.pem", "pkcs1.pem", "bag-attributes.pem", "openssl-plain.p12"])
  func aPassphraseForWhatIsNotEncryptedIsRefused(file: String) throws {
    let vector = try #require(ImportVector.accepted.first { $0.file == file })
    let text = try vector.text()
    let what = vector.form == .pem ? "a private key" : "a PKCS#12 file"
    let found = "\(what) that is not encrypted, and a passphrase was given; leave the passphrase out"
    #expect(throws: KeyFailure.unreadable(found: found)) {
      _ = try keys.unpack(vector.form, text, passphrase: "sesame")
    }
  }

  @Test(arguments: [
    (KeyMaterial.Form.pem, "openssl.p12", "a PKCS#12 file in base64; give it as pkcs12Base64"),
    (.pkcs12, "pkcs8.pem", "a PEM text, not a PKCS#12 file; give it as pem"),
  ])
  func theOtherFieldIsNamed(form: KeyMaterial.Form, file: String, found: String) throws {
    let text = try #require(ImportVector.accepted.first { $0.file == file }).text()
    #expect(throws: KeyFailure.unreadable(found: found)) { _ = try keys.unpack(form, text, passphrase: "sesame") }
  }

  @Test(arguments: [
    ("no base64!", "no base64 of a PKCS#12 file; make it with base64 FILE.p12"),
    ("", "no base64 of a PKCS#12 file; make it with base64 FILE.p12"),
    ("AAAA", "no PKCS#12 file"),
    (
      Data("-----BEGIN PRIVATE KEY-----".utf8).base64EncodedString(),
      "a PEM text in base64, not a PKCS#12 file; give the PEM as pem"
    ),
  ])
  func whatIsNoPKCS12IsRefused(text: String, found: String) {
    #expect(throws: KeyFailure.unreadable(found: found)) { _ = try keys.unpack(.pkcs12, Array(text.utf8)) }
  }

  @Test func aPKCS12IsBounded() {
    let long = [UInt8](repeating: UInt8(ascii: "A"), count: 65_537)
    #expect(throws: KeyFailure.unreadable(found: "65537 bytes; a PKCS#12 file in base64 has 65536 at most")) {
      _ = try keys.unpack(.pkcs12, long)
    }
  }
}
