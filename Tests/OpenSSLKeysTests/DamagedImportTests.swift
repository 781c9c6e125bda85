import Delegation
import OpenSSLKeys
import TestSupport
import Testing

/// Every valid form, damaged at random: it is the same key or refused, and nothing of it is in what is said.
@Suite struct DamagedImportTests {
  private let keys = OpenSSLSigningKeys()

  @Test(arguments: ImportVector.accepted) func makesNoOtherKey(vector: ImportVector) throws {
    var chance = SeededRandom(UInt64(vector.file.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }))
    let text = try vector.text()
    let publicKey = try keys.unpack(vector.form, text, passphrase: vector.passphrase).signer.publicKey
    for _ in 0..<40 {
      let damaged = damaged(text, &chance)
      do throws(KeyFailure) {
        let unpacked = try keys.unpack(vector.form, damaged, passphrase: vector.passphrase)
        #expect(unpacked.signer.publicKey == publicKey)
      } catch {
        expectNothingOf(damaged, vector.passphrase, in: "\(error)")
      }
    }
  }

  /// The bytes inside the base64, where the structure is.
  @Test(arguments: ImportVector.accepted.filter { $0.form == .pkcs12 })
  func aDamagedStructureMakesNoOtherKey(vector: ImportVector) throws {
    var chance = SeededRandom(99)
    let text = try vector.text()
    let file = try #require(Base64.decode(text.filter { $0 > 0x20 }, as: .standard))
    let publicKey = try keys.unpack(.pkcs12, text, passphrase: vector.passphrase).signer.publicKey
    for _ in 0..<40 {
      let damaged = Base64.encodedBytes(damaged(file, &chance), as: .standard)
      do throws(KeyFailure) {
        let unpacked = try keys.unpack(.pkcs12, damaged, passphrase: vector.passphrase)
        #expect(unpacked.signer.publicKey == publicKey)
      } catch {
        expectNothingOf(damaged, vector.passphrase, in: "\(error)")
      }
    }
  }

  private func damaged(_ bytes: [UInt8], _ chance: inout SeededRandom) -> [UInt8] {
    var bytes = bytes
    let index = Int.random(in: 0..<bytes.count, using: &chance)
    switch Int.random(in: 0..<5, using: &chance) {
    case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
    case 1: bytes.removeSubrange(index...)
    case 2: bytes.remove(at: index)
    case 3: bytes.insert(UInt8.random(in: 0...255, using: &chance), at: index)
    default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &chance))
    }
    return bytes
  }

  private func expectNothingOf(_ input: [UInt8], _ passphrase: String, in said: String) {
    let given = String(decoding: input, as: UTF8.self)
    for run in said.matches(of: #/[A-Za-z0-9+\/=]{10,}/#) where given.contains(run.output) {
      Issue.record("\(run.output) was given and said")
    }
    #expect(passphrase.isEmpty || !said.contains(passphrase))
  }
}
