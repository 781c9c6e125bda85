import Delegation
import Foundation
import OpenSSLKeys
import Testing

@Suite struct SigningTests {
  let keys = OpenSSLSigningKeys()

  @Test func keyAndSignatureOfRFC7515AreReproduced() throws {
    let example = try RFC7515Example.load()
    let key = try keys.open(pem: SecretBytes(copying: RFC7515Example.pem()))
    #expect(key.publicKey.bits == 2048)
    #expect(base64URL(key.publicKey.modulus) == example.jwk.n)
    #expect(base64URL(key.publicKey.exponent) == example.jwk.e)
    let signature = try key.signRS256(Array(example.signingInput.utf8))
    #expect("\(example.signingInput).\(base64URL(signature))" == example.jws)
  }

  @Test(arguments: [2048, 3072, 4096])
  func newKeySignsWhatOpenSSLVerifies(bits: Int) throws {
    let openssl = try OpenSSLCommand()
    let pem = try keys.generate(bits: bits)
    try openssl.place(pem.withUnsafeBytes { Array($0) }, as: "key.pem")
    #expect(try openssl("pkey -in key.pem -check -noout").contains("Key is valid"))

    let key = try keys.open(pem: pem)
    #expect(key.publicKey.bits == bits)
    #expect(try openssl.written(by: "pkey -in key.pem -pubout -outform DER") == key.publicKey.subjectPublicKeyInfo)
    try openssl("pkey -in key.pem -pubout -out public.pem")
    try openssl.place(Array("signed".utf8), as: "message")
    try openssl.place(try key.signRS256(Array("signed".utf8)), as: "signature")
    #expect(try openssl("dgst -sha256 -verify public.pem -signature signature message").contains("Verified OK"))
  }

  @Test(arguments: [-1, 0, 1024, 2049, 8192, Int.max])
  func sizesThatAreNotOfferedAreRefused(bits: Int) {
    #expect(throws: KeyFailure.unsupported(found: "\(bits) bits; a new RSA key has 2048, 3072 or 4096")) {
      _ = try keys.generate(bits: bits)
    }
  }

  @Test func manyThreadsSignWithOneKey() async throws {
    let key = try keys.open(pem: SecretBytes(copying: RFC7515Example.pem()))
    let messages = (0..<100).map { Array("message \($0)".utf8) }
    let alone = try messages.map { try key.signRS256($0) }
    let together = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
      for (index, message) in messages.enumerated() {
        group.addTask { (index, try key.signRS256(message)) }
      }
      return try await group.reduce(into: [Int: [UInt8]]()) { $0[$1.0] = $1.1 }
    }
    #expect(together.count == messages.count)
    for (index, signature) in alone.enumerated() { #expect(together[index] == signature) }
  }

  @Test func emptyMessageIsSigned() throws {
    let key = try keys.open(pem: SecretBytes(copying: RFC7515Example.pem()))
    #expect(try key.signRS256([]).count == 256)
  }

  @Test func digestsOfNIST() {
    let digest = OpenSSLDigests().sha256(Array("abc".utf8)).map { String(format: "%02x", $0) }.joined()
    #expect(digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test(arguments: [0, 1, 7, 8, 9, 16, 1000])
  func randomBytesHaveTheLengthAskedFor(count: Int) {
    let bytes = SystemRandomness().bytes(count)
    #expect(bytes.count == count)
    if count >= 16 { #expect(bytes != SystemRandomness().bytes(count)) }
  }
}
