import COpenSSL
import Delegation

/// AES-256-GCM (NIST SP 800-38D): 12 bytes of nonce, a tag of 16 bytes behind the ciphertext.
enum AESGCM {
  static let nonceBytes = 12
  static let tagBytes = 16

  static func seal(
    _ secret: borrowing SecretBytes,
    key: borrowing SecretBytes,
    nonce: [UInt8],
    context: [UInt8]
  ) throws(StoreFailure) -> [UInt8] {
    let cipher = try Cipher()
    var sealed = [UInt8](repeating: 0, count: secret.count + tagBytes)
    let done = secret.withUnsafeBytes { secret in
      sealed.withUnsafeMutableBytes { sealed in
        let tag = sealed.baseAddress?.advanced(by: secret.count)
        return cipher.start(.sealing, key: key, nonce: nonce, context: context)
          && cipher.process(secret, into: sealed.baseAddress)
          && cipher.finish()
          && cipher.control(EVP_CTRL_AEAD_GET_TAG, tag: tag)
      }
    }
    guard done else { throw .openSSL("seal an entry") }
    return sealed
  }

  /// The secret, or nil when key, nonce, context or ciphertext is not what it was sealed with.
  static func open(
    _ sealed: [UInt8],
    key: borrowing SecretBytes,
    nonce: [UInt8],
    context: [UInt8]
  ) throws(StoreFailure) -> SecretBytes? {
    guard nonce.count == nonceBytes, sealed.count >= tagBytes else { return nil }
    let cipher = try Cipher()
    guard cipher.start(.opening, key: key, nonce: nonce, context: context) else { throw .openSSL("open an entry") }
    var tag = Array(sealed.suffix(tagBytes))
    var opened = false
    let secret = SecretBytes(count: sealed.count - tagBytes) { secret in
      opened = sealed.withUnsafeBytes { sealed in
        cipher.process(UnsafeRawBufferPointer(rebasing: sealed.dropLast(tagBytes)), into: secret.baseAddress)
          && cipher.control(EVP_CTRL_AEAD_SET_TAG, tag: &tag)
          && cipher.finish()
      }
    }
    guard opened else {
      ERR_clear_error()
      return nil
    }
    return secret
  }
}

/// The one owner of an `EVP_CIPHER_CTX`, for one message; freeing it wipes what it knows of the key.
private struct Cipher: ~Copyable {
  enum Direction: Int32 {
    case opening = 0
    case sealing = 1
  }

  private let pointer: OpaquePointer  // EVP_CIPHER_CTX

  init() throws(StoreFailure) {
    guard let pointer = EVP_CIPHER_CTX_new() else { throw .openSSL("use AES-256-GCM") }
    self.pointer = pointer
  }

  deinit { EVP_CIPHER_CTX_free(pointer) }

  borrowing func start(
    _ direction: Direction,
    key: borrowing SecretBytes,
    nonce: [UInt8],
    context: [UInt8]
  ) -> Bool {
    let pointer = pointer
    let isStarted = key.withUnsafeBytes { key in
      let start = key.assumingMemoryBound(to: UInt8.self).baseAddress
      return EVP_CipherInit_ex(pointer, EVP_aes_256_gcm(), nil, start, nonce, direction.rawValue) == 1
    }
    return isStarted && context.withUnsafeBytes { process($0, into: nil) }
  }

  /// Without an output the input is only authenticated.
  borrowing func process(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer?) -> Bool {
    var length: Int32 = 0
    let start = input.assumingMemoryBound(to: UInt8.self).baseAddress
    let target = output?.assumingMemoryBound(to: UInt8.self)
    return EVP_CipherUpdate(pointer, target, &length, start, Int32(input.count)) == 1
  }

  borrowing func control(_ command: Int32, tag: UnsafeMutableRawPointer?) -> Bool {
    EVP_CIPHER_CTX_ctrl(pointer, command, Int32(AESGCM.tagBytes), tag) == 1
  }

  /// Computes or compares the tag; GCM has no last block to write.
  borrowing func finish() -> Bool {
    var length: Int32 = 0
    var nothing: UInt8 = 0
    return EVP_CipherFinal_ex(pointer, &nothing, &length) == 1
  }
}
