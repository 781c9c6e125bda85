import Delegation
import OpenSSLKeys
import Testing

/// A way in which a PEM text arrives after it was copied through a form, a file or a variable.
enum PEMSpelling: String, CaseIterable, Sendable {
  case carriageReturns
  case oneLine
  case nothingBetween
  case written
  case writtenTwice
  case writtenWithCarriageReturns
  case quoted
  case assigned
  case byteOrderMark
  case textAround
  case indented
  case blankLines
  case tabs

  func applied(to pem: String) -> String {
    let lines = pem.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return switch self {
    case .carriageReturns: lines.joined(separator: "\r\n")
    case .oneLine: lines.joined(separator: " ")
    case .nothingBetween: lines.joined()
    case .written: lines.joined(separator: #"\n"#)
    case .writtenTwice: lines.joined(separator: #"\\n"#)
    case .writtenWithCarriageReturns: lines.joined(separator: #"\r\n"#)
    case .quoted: "\"\(lines.joined(separator: #"\n"#))\""
    case .assigned: "PRIVATE_KEY='\(pem)'"
    case .byteOrderMark: "\u{FEFF}\(pem)"
    case .textAround: "Bag Attributes\n    friendlyName: José\nKey Attributes: <No Attributes>\n\(pem)\nThe end.\n"
    case .indented: lines.map { "    \($0)" }.joined(separator: "\n")
    case .blankLines: lines.joined(separator: "\n\n")
    case .tabs: lines.joined(separator: "\t\n")
    }
  }
}

@Suite struct PEMSpellingTests {
  private let keys = OpenSSLSigningKeys()
  private let payables: [UInt8]

  init() throws { payables = try ImportVector.payables() }

  @Test(arguments: PEMSpelling.allCases, ImportVector.accepted.filter { $0.form == .pem })
  func everySpellingIsTheSameKey(spelling: PEMSpelling, vector: ImportVector) throws {
    let text = try vector.text()
    let spelt = Array(spelling.applied(to: String(decoding: text, as: UTF8.self)).utf8)
    #expect(spelt != text)
    let unpacked = try keys.unpack(.pem, spelt, passphrase: vector.passphrase)
    #expect(unpacked.privateKeyPEM.withUnsafeBytes { Array($0) } == payables)
    if vector.certificate == "payables" {
      #expect(try unpacked.certificates == keys.certificates(pem: text))
    } else {
      #expect(unpacked.certificates.isEmpty)
    }
  }

  @Test(arguments: PEMSpelling.allCases) func everySpellingIsTheSameCertificate(spelling: PEMSpelling) throws {
    let text = try #require(ImportVector.all.first { $0.file == "certificate.pem" }).text()
    let spelt = spelling.applied(to: String(decoding: text, as: UTF8.self))
    #expect(try keys.certificates(pem: Array(spelt.utf8)) == keys.certificates(pem: text))
  }

  /// Base64 in a JSON string may be folded, escaped or plain.
  @Test(arguments: [PEMSpelling.carriageReturns, .oneLine, .nothingBetween, .written, .writtenWithCarriageReturns])
  func everySpellingIsTheSamePKCS12(spelling: PEMSpelling) throws {
    let vector = try #require(ImportVector.accepted.first { $0.file == "openssl.p12" })
    let spelt = spelling.applied(to: String(decoding: try vector.text(), as: UTF8.self).replacing("\r\n", with: "\n"))
    let unpacked = try keys.unpack(.pkcs12, Array(spelt.utf8), passphrase: vector.passphrase)
    #expect(unpacked.certificates.count == 1)
  }

  @Test(arguments: [
    "-----BEGIN PRIVATE KEY-----MC4CAQ==-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----MC4CAQ==-----END PRIVATE KEY",
    "-----BEGIN PRIVATE KEY-----MC4CAQ==",
  ])
  func aBlockEndsAsItBegan(text: String) {
    let found = "a private key whose PEM block has no matching END line: cut off"
    #expect(throws: KeyFailure.unreadable(found: found)) { _ = try keys.unpack(.pem, Array(text.utf8)) }
  }
}
