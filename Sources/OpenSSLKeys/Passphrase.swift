import COpenSSL
import Delegation

/// A passphrase as OpenSSL takes it; valid inside `SecretBytes.withPassphrase` only. Empty means that none was given.
struct Passphrase {
  let bytes: UnsafePointer<CChar>?
  let count: Int32

  var isGiven: Bool { count > 0 }
}

extension SecretBytes {
  borrowing func withPassphrase<Result: ~Copyable>(
    _ body: (Passphrase) throws(KeyFailure) -> Result
  ) throws(KeyFailure) -> Result {
    try withUnsafeBytes { (bytes) throws(KeyFailure) in
      guard let count = Int32(exactly: bytes.count) else { throw .failed(operation: "reading the passphrase") }
      return try body(Passphrase(bytes: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count: count))
    }
  }
}

extension Passphrase {
  func doesNotOpen(_ what: String) -> KeyFailure {
    .unreadable(found: "\(what), and \(isGiven ? "a passphrase that does not open it" : "no passphrase was given")")
  }
}

extension KeyFailure {
  /// Refused rather than ignored: whoever gives one believes that the key lies encrypted somewhere, and it does not.
  static func passphraseIsUseless(for what: String) -> KeyFailure {
    .unreadable(found: "\(what) that is not encrypted, and a passphrase was given; leave the passphrase out")
  }
}
