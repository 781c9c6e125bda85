import COpenSSL
import Delegation

/// SHA-256 of OpenSSL.
package struct OpenSSLDigests: Digests {
  package init() { OpenSSL.start() }

  package func sha256(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, count: Int(SHA256_DIGEST_LENGTH), SHA256) }

  /// For thumbprints only (RFC 7515 section 4.1.7).
  func sha1(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, count: Int(SHA_DIGEST_LENGTH), SHA1) }

  /// Traps when the library has no memory left, as Swift does: a wrong digest would be worse.
  private func digest(
    _ bytes: [UInt8],
    count: Int,
    _ function: (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?) -> UnsafeMutablePointer<UInt8>?
  ) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      precondition(function(bytes, bytes.count, buffer.baseAddress) != nil, "OpenSSL cannot hash")
      written = count
    }
  }
}
