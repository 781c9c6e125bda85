import COpenSSL
import Delegation

/// How a passphrase becomes keys: scrypt (RFC 7914) with r = 8 and p = 1.
package struct KeyDerivation: Sendable, Equatable {
  /// 128 MiB of memory and about half a second.
  package static let standardCost = 1 << 17
  /// Less is too cheap to guess; more takes over 1 GiB. Only powers of two.
  package static let acceptedCosts = 1 << 14...1 << 20
  static let blockSize = 8
  static let parallelism = 1
  static let saltBytes = 32

  let cost: Int
  let salt: [UInt8]

  var isAcceptable: Bool {
    Self.acceptedCosts.contains(cost) && cost.nonzeroBitCount == 1 && salt.count == Self.saltBytes
  }
}

/// The keys of one passphrase and one salt. The master key is gone once they are made.
final class StoreKeys: Sendable {
  let derivation: KeyDerivation
  /// Tells a wrong passphrase from a damaged file. It says nothing about the other keys.
  let verifier: [UInt8]
  private let entryKey: SecretBytes
  private let listKey: SecretBytes

  /// Takes about half a second at the standard cost.
  init(_ derivation: KeyDerivation, passphrase: borrowing SecretBytes) throws(StoreFailure) {
    let master = try scrypt(derivation, passphrase: passphrase)
    self.derivation = derivation
    verifier = Array(try expand(master, "verifier"))
    entryKey = try expand(master, "entries")
    listKey = try expand(master, "list")
  }

  /// Authenticates the list of entries: HMAC-SHA-256 over the lines before the last.
  func authenticationCode(over lines: [UInt8]) throws(StoreFailure) -> [UInt8] {
    Array(try hmac(key: listKey, lines))
  }

  func seal(
    _ secret: borrowing SecretBytes,
    as item: SecretItem,
    attributes: [String: String],
    nonce: [UInt8]
  ) throws(StoreFailure) -> StoreDocument.Entry {
    StoreDocument.Entry(
      item: item,
      attributes: attributes,
      nonce: nonce,
      sealed: try AESGCM.seal(secret, key: entryKey, nonce: nonce, context: item.sealingContext)
    )
  }

  func open(_ entry: StoreDocument.Entry) throws(StoreFailure) -> SecretBytes {
    let opened = try AESGCM.open(
      entry.sealed,
      key: entryKey,
      nonce: entry.nonce,
      context: entry.item.sealingContext
    )
    guard let opened else { throw .corrupt(found: "an entry that does not open under its own name") }
    return opened
  }
}

extension SecretItem {
  /// What an entry is sealed with, so that it opens under its own kind and name only.
  fileprivate var sealingContext: [UInt8] { Array("onbehalf-store/1 entry \(kind.rawValue) ".utf8) + escaped(name) }
}

private let keyBytes = 32

private func scrypt(
  _ derivation: KeyDerivation,
  passphrase: borrowing SecretBytes
) throws(StoreFailure) -> SecretBytes {
  let memoryLimit: UInt64 = 1 << 30 + 1 << 22
  var result: Int32 = 0
  let master = passphrase.withUnsafeBytes { passphrase in
    SecretBytes(count: keyBytes) { master in
      result = EVP_PBE_scrypt(
        passphrase.baseAddress,
        passphrase.count,
        derivation.salt,
        derivation.salt.count,
        UInt64(derivation.cost),
        UInt64(KeyDerivation.blockSize),
        UInt64(KeyDerivation.parallelism),
        memoryLimit,
        master.baseAddress,
        master.count
      )
    }
  }
  guard result == 1 else { throw .openSSL("derive the keys; it needs \(derivation.cost >> 10) MiB of memory") }
  return master
}

/// One block of HKDF-Expand (RFC 5869 section 2.3); the master key is uniform already.
private func expand(_ master: borrowing SecretBytes, _ purpose: String) throws(StoreFailure) -> SecretBytes {
  try hmac(key: master, Array("onbehalf-store/1 \(purpose)".utf8) + [1])
}

private func hmac(key: borrowing SecretBytes, _ message: [UInt8]) throws(StoreFailure) -> SecretBytes {
  var written = false
  let code = key.withUnsafeBytes { key in
    SecretBytes(count: keyBytes) { code in
      written =
        HMAC(EVP_sha256(), key.baseAddress, Int32(key.count), message, message.count, code.baseAddress, nil) != nil
    }
  }
  guard written else { throw .openSSL("compute a MAC") }
  return code
}

extension StoreFailure {
  /// OpenSSL had no memory or no such algorithm. Its error queue is empty afterwards.
  static func openSSL(_ operation: String) -> StoreFailure {
    ERR_clear_error()
    return .unavailable(.inputOutput, found: "OpenSSL cannot \(operation)")
  }
}

extension Array where Element == UInt8 {
  fileprivate init(_ secret: borrowing SecretBytes) { self = secret.withUnsafeBytes { Array($0) } }
}
