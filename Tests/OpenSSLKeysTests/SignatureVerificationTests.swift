import Delegation
import Foundation
import OpenSSLKeys
import Testing

@Suite struct SignatureVerificationTests {
  private let verification = OpenSSLSignatureVerification()

  @Test func thatOfRFC7515IsOne() throws {
    let example = try RFC7515Example.load()
    let key = try #require(VerificationKey(modulus: decoded(example.jwk.n), exponent: decoded(example.jwk.e)))
    let signature = try decoded(String(example.jws.dropFirst(example.signingInput.count + 1)))
    let message = Array(example.signingInput.utf8)
    #expect(try verification.isRS256(signature, of: message, by: key))
    for place in signature.indices {
      var other = signature
      other[place] ^= 1 << UInt8(place % 8)
      #expect(try !verification.isRS256(other, of: message, by: key))
    }
    #expect(try !verification.isRS256(signature, of: message.dropLast(), by: key))
  }

  @Test(arguments: SignatureVectors.all.cases) func onlyARightOneIsOne(vector: SignatureVectors.Case) throws {
    let named = try #require(SignatureVectors.all.keys.first { $0.name == vector.key })
    let key = try #require(try named.key())
    let isOne = try verification.isRS256(decoded(vector.signature), of: decoded(vector.message), by: key)
    #expect(isOne == vector.valid)
  }

  @Test func theVectorsAreThere() {
    #expect(SignatureVectors.all.cases.count { $0.valid } >= 10)
    #expect(SignatureVectors.all.cases.count { !$0.valid } >= 200)
    #expect(SignatureVectors.all.keys.count { !$0.usable } >= 10)
  }

  /// Numbers that no key has, and such as would hold a core for long, are no key.
  @Test(arguments: SignatureVectors.all.keys) func aKeyIsWithinBounds(vector: SignatureVectors.Key) throws {
    #expect((try vector.key() != nil) == vector.usable)
    guard let key = try vector.key() else { return }
    let signature = [UInt8](repeating: 0x5a, count: key.modulus.count)
    #expect(try !verification.isRS256(signature, of: [1], by: key))
  }

  @Test func leadingZerosChangeNoNumber() throws {
    let example = try RFC7515Example.load()
    let (modulus, exponent) = (try decoded(example.jwk.n), try decoded(example.jwk.e))
    let key = VerificationKey(modulus: [0, 0] + modulus, exponent: [0, 0, 0, 0] + exponent)
    #expect(key == VerificationKey(modulus: modulus, exponent: exponent))
    #expect(key?.bits == 2048)
  }

  /// An odd modulus of the right size that is no product of two primes is still a number to compute with.
  @Test(arguments: [2048, 2049, 4095, 8192]) func anyNumberIsComputedWith(bits: Int) throws {
    var modulus = [UInt8](repeating: 0xff, count: (bits + 7) / 8)
    modulus[0] = UInt8((1 << (bits - (modulus.count - 1) * 8)) - 1)
    let key = try #require(VerificationKey(modulus: modulus, exponent: [0xff, 0xff, 0xff, 0xff]))
    #expect(key.bits == bits)
    for byte in [0, 1, 0x7f, 0xff] as [UInt8] {
      let signature = [UInt8](repeating: byte, count: modulus.count)
      #expect(try !verification.isRS256(signature, of: [], by: key))
    }
  }

  @Test func manyThreadsVerify() async throws {
    let signed = OpenSSLSigningKeys()
    let own = try signed.open(pem: SecretBytes(copying: RFC7515Example.pem()))
    let key = try #require(VerificationKey(modulus: own.publicKey.modulus, exponent: own.publicKey.exponent))
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<100 {
        let message = Array("message \(number)".utf8)
        let signature = try own.signRS256(message)
        group.addTask { try verification.isRS256(signature, of: message, by: key) }
      }
      for try await isOne in group { #expect(isOne) }
    }
  }
}

/// protocol/vectors/rs256.
struct SignatureVectors: Decodable {
  struct Key: Decodable, CustomTestStringConvertible {
    let name: String
    let n: String
    let e: String
    let usable: Bool

    var testDescription: String { name }

    func key() throws -> VerificationKey? { VerificationKey(modulus: try decoded(n), exponent: try decoded(e)) }
  }

  struct Case: Decodable, CustomTestStringConvertible {
    let name: String
    let key: String
    let message: String
    let signature: String
    let valid: Bool

    var testDescription: String { "\(key): \(name)" }
  }

  let keys: [Key]
  let cases: [Case]

  static let all = load()

  /// Empty when it cannot be read, which a test of its own notices.
  private static func load() -> SignatureVectors {
    let file = ImportVector.transcripts.deletingLastPathComponent().appending(path: "rs256/cases.json")
    let vectors = (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(SignatureVectors.self, from: $0) }
    return vectors ?? SignatureVectors(keys: [], cases: [])
  }
}

private func decoded(_ text: String) throws -> [UInt8] { try #require(Base64.decode(text.utf8, as: .url)) }
