import COpenSSL
import Delegation

/// The one owner of an `X509`.
struct X509Certificate: ~Copyable {
  let pointer: OpaquePointer  // X509

  init(takingOwnershipOf pointer: OpaquePointer) { self.pointer = pointer }

  deinit { X509_free(pointer) }

  borrowing func der() throws(KeyFailure) -> [UInt8] {
    let pointer = pointer
    return try OpenSSLKeys.der("writing the certificate") { i2d_X509(pointer, $0) }
  }
}
