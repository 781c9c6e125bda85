import COpenSSL
import Delegation

/// The one owner of an `EVP_PKEY`.
struct PrivateKey: ~Copyable, @unchecked Sendable {
  // Sendable although it holds a pointer: nothing changes the key after it was made, and OpenSSL signs with one key from
  // several threads (openssl-threads(7): reference counts and RSA blinding have their own locks).
  let pointer: OpaquePointer  // EVP_PKEY

  init(takingOwnershipOf pointer: OpaquePointer) { self.pointer = pointer }

  deinit { EVP_PKEY_free(pointer) }
}

/// An open RSA key of 2048 to 4096 bits. A larger one would hold a core for seconds when it is checked.
final class RSAPrivateKey: SigningKey {
  private static let acceptedBits = 2048...4096

  let key: PrivateKey
  let publicKey: PublicKey

  /// - Throws: `.unsupported` for every other kind of key, and for a key that is too small or too large to use.
  init(_ key: consuming PrivateKey) throws(KeyFailure) {
    try Self.requireSupported(key)
    publicKey = try PublicKey(of: key)
    self.key = key
    try keepDerivedNumbersLocked()
  }

  func signRS256(_ message: [UInt8]) throws(KeyFailure) -> [UInt8] { try sign(message) { $0() } }

  /// The first signature leaves the Montgomery forms of the primes with the key. It is made here, so that they lie in the
  /// locked heap; later ones are not, for all threads would wait for its one lock.
  private func keepDerivedNumbersLocked() throws(KeyFailure) {
    // Fetched once and kept for ever: no matter for the heap.
    var byte: UInt8 = 0
    guard RAND_priv_bytes(&byte, 1) == 1 else { throw OpenSSL.failure("starting the random generator") }
    do { _ = try sign([]) { LockedHeap.holding($0) } } catch {
      throw .unreadable(found: "an RSA key that cannot sign: damaged")
    }
  }

  private func sign(_ message: [UInt8], within surroundings: (() -> Bool) -> Bool) throws(KeyFailure) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw OpenSSL.failure("signing") }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer) == 1 else {
      throw OpenSSL.failure("signing")
    }
    var length = Int(EVP_PKEY_get_size(key.pointer))
    var signature = [UInt8](repeating: 0, count: length)
    let isSigned = surroundings { EVP_DigestSign(context, &signature, &length, message, message.count) == 1 }
    guard isSigned, length == signature.count else { throw OpenSSL.failure("signing") }
    return signature
  }

  private static func requireSupported(_ key: borrowing PrivateKey) throws(KeyFailure) {
    guard EVP_PKEY_is_a(key.pointer, "RSA") == 1 else {
      throw .unsupported(found: "a key of another kind; RS256 needs RSA of 2048 bits or more")
    }
    let bits = Int(EVP_PKEY_get_bits(key.pointer))
    if bits < acceptedBits.lowerBound {
      throw .unsupported(found: "an RSA key of \(bits) bits; RS256 needs 2048 bits or more")
    }
    if bits > acceptedBits.upperBound {
      throw .unsupported(found: "an RSA key of \(bits) bits; RS256 is done with 4096 bits at most")
    }
  }
}

extension PublicKey {
  fileprivate init(of key: borrowing PrivateKey) throws(KeyFailure) {
    let pointer = key.pointer
    self.init(
      bits: Int(EVP_PKEY_get_bits(pointer)),
      modulus: try Self.number("n", of: key),
      exponent: try Self.number("e", of: key),
      subjectPublicKeyInfo: try der("writing the public key") { i2d_PUBKEY(pointer, $0) }
    )
  }

  private static func number(_ name: String, of key: borrowing PrivateKey) throws(KeyFailure) -> [UInt8] {
    var number: OpaquePointer?  // BIGNUM
    guard EVP_PKEY_get_bn_param(key.pointer, name, &number) == 1 else {
      throw OpenSSL.failure("reading the public key")
    }
    defer { BN_free(number) }
    return [UInt8](unsafeUninitializedCapacity: Int(BN_num_bits(number) + 7) / 8) { buffer, count in
      count = Int(BN_bn2bin(number, buffer.baseAddress))
    }
  }
}
