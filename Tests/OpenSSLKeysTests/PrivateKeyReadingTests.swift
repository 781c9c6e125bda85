import Delegation
import Foundation
import OpenSSLKeys
import Testing

@Suite struct PrivateKeyReadingTests {
  let keys = OpenSSLSigningKeys()

  struct Refusal: CustomTestStringConvertible, Sendable {
    /// `openssl` commands that leave a file named `made`.
    let commands: [String]
    let failure: KeyFailure
    var testDescription: String { commands.joined(separator: "; ") }
  }

  static let needsRSA = "RS256 needs RSA of 2048 bits or more"
  static let refusals = [
    Refusal(
      commands: ["req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout key -out made"],
      failure: .unreadable(found: "a certificate, not a private key")
    ),
    Refusal(
      commands: ["req -new -newkey rsa:2048 -nodes -subj /CN=x -keyout key -out made"],
      failure: .unreadable(found: "a certificate request, not a private key")
    ),
    Refusal(
      commands: ["genrsa -out key 2048", "pkey -in key -pubout -out made"],
      failure: .unreadable(found: "a public key, not a private key")
    ),
    Refusal(
      commands: ["genrsa -out key 2048", "rsa -in key -RSAPublicKey_out -out made"],
      failure: .unreadable(found: "a public key, not a private key")
    ),
    Refusal(
      commands: ["genpkey -algorithm RSA -aes256 -pass pass:planted-secret -out made"],
      failure: .unreadable(found: "an encrypted PKCS#8 key, and no passphrase was given")
    ),
    Refusal(
      commands: ["genrsa -aes256 -traditional -passout pass:planted-secret -out made 2048"],
      failure: .unreadable(found: "an encrypted PKCS#1 key, and no passphrase was given")
    ),
    Refusal(
      commands: ["ecparam -name prime256v1 -genkey -out made"],
      failure: .unsupported(found: "an EC key; \(needsRSA)")
    ),
    Refusal(
      commands: ["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out made"],
      failure: .unsupported(found: "an EC key; \(needsRSA)")
    ),
    Refusal(
      commands: ["genpkey -algorithm ED25519 -out made"],
      failure: .unsupported(found: "an Ed25519 key; \(needsRSA)")
    ),
    Refusal(
      commands: ["genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out made"],
      failure: .unsupported(found: "an RSA-PSS key; \(needsRSA)")
    ),
    Refusal(
      commands: ["genrsa -out made 1024"],
      failure: .unsupported(found: "an RSA key of 1024 bits; RS256 needs 2048 bits or more")
    ),
    Refusal(
      commands: ["genrsa -out made 4104"],
      failure: .unsupported(found: "an RSA key of 4104 bits; RS256 is done with 4096 bits at most")
    ),
    Refusal(
      commands: ["genrsa -out key 2048", "pkcs8 -topk8 -nocrypt -in key -outform DER -out made"],
      failure: .unreadable(found: "no PEM block")
    ),
    Refusal(
      commands: ["ecparam -name prime256v1 -out made"],
      failure: .unreadable(found: "a PEM block of another kind, not a private key")
    ),
  ]

  @Test(arguments: refusals)
  func whatIsNoUsableKeyIsNamed(_ refusal: Refusal) throws {
    let openssl = try OpenSSLCommand()
    for command in refusal.commands { try openssl(command) }
    let pem = try openssl.content(of: "made")
    #expect(throws: refusal.failure) { _ = try keys.open(pem: SecretBytes(copying: pem)) }
    #expect(throws: refusal.failure) { _ = try keys.unpack(.pem, pem) }
  }

  @Test(arguments: [
    ("", "nothing"),
    ("a text about keys", "no PEM block"),
    ("-----BEGIN ", "a PEM block of another kind, not a private key"),
    ("-----BEGIN PRIVATE KEY-----\n", "a private key whose PEM block has no matching END line: cut off"),
    ("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "a PEM block that cannot be read: damaged"),
    ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "a PEM block that cannot be read: damaged"),
    (
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n",
      "an OpenSSH private key; convert it with ssh-keygen -p -m PEM"
    ),
  ])
  func textWithoutAKeyIsRefused(text: String, found: String) {
    #expect(throws: KeyFailure.unreadable(found: found)) {
      _ = try keys.open(pem: SecretBytes(copying: text.utf8))
    }
  }

  @Test func inputIsBounded() {
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 65_537)
    #expect(throws: KeyFailure.unreadable(found: "65537 bytes; a private key has 65536 at most")) {
      _ = try keys.open(pem: SecretBytes(copying: long))
    }
  }

  @Test func everyCutIsRefused() throws {
    let pem = try RFC7515Example.pem()
    let lastLineBreak = pem.count - 1
    for length in stride(from: 0, to: lastLineBreak, by: 7) {
      #expect(throws: KeyFailure.self) { _ = try keys.open(pem: SecretBytes(copying: pem.prefix(length))) }
    }
  }

  /// A flipped bit may hit a number that nobody checks while opening; it never crashes, and what opens still signs.
  @Test func flippedBitsNeverCrash() throws {
    let pem = try RFC7515Example.pem()
    for index in pem.indices {
      var damaged = pem
      damaged[index] ^= 1 << (index % 8)
      do {
        let key = try keys.open(pem: SecretBytes(copying: damaged))
        _ = try? key.signRS256([1])
      } catch {
        #expect(!"\(error)".contains(String(decoding: damaged.suffix(100).prefix(40), as: UTF8.self)))
      }
    }
  }

  @Test func numbersThatDoNotBelongTogetherAreRefusedBeforeTheyAreStored() throws {
    let openssl = try OpenSSLCommand()
    try openssl.place(RFC7515Example.pem(), as: "key.pem")
    var der = try openssl.written(by: "rsa -in key.pem -traditional -outform DER")
    let insideThePrivateExponent = 400
    der[insideThePrivateExponent] ^= 1
    let body = Data(der).base64EncodedString(options: .lineLength64Characters)
    let pem = "-----BEGIN RSA PRIVATE KEY-----\n\(body)\n-----END RSA PRIVATE KEY-----\n"
    #expect(throws: KeyFailure.unreadable(found: "an RSA key whose numbers do not belong together: damaged")) {
      _ = try keys.unpack(.pem, Array(pem.utf8))
    }
  }

  @Test func everySpellingBecomesTheSamePKCS8() throws {
    let openssl = try OpenSSLCommand()
    try openssl.place(RFC7515Example.pem(), as: "key.pem")
    let pkcs8 = try openssl.written(by: "pkcs8 -topk8 -nocrypt -in key.pem")
    let spellings = [
      try RFC7515Example.pem(),
      pkcs8,
      pkcs8.flatMap { $0 == UInt8(ascii: "\n") ? Array("\r\n".utf8) : [$0] },
      [0xEF, 0xBB, 0xBF] + pkcs8,
      try openssl.written(by: "req -x509 -key key.pem -subj /CN=x") + pkcs8,
    ]
    for spelling in spellings {
      let unpacked = try keys.unpack(.pem, spelling)
      #expect(unpacked.privateKeyPEM.withUnsafeBytes { Array($0) } == pkcs8)
    }
  }
}
