import COpenSSL
package import Delegation

/// Verifies RSA signatures through OpenSSL 3.
package struct OpenSSLSignatureVerification: SignatureVerification {
  package init() { OpenSSL.start() }

  package func isRS256(
    _ signature: [UInt8],
    of message: [UInt8],
    by key: VerificationKey
  ) throws(KeyFailure) -> Bool {
    // RFC 8017 section 8.2.2, step 1.
    guard signature.count == key.modulus.count else { return false }
    let key = try RSAPublicKey(key)
    guard let context = EVP_MD_CTX_new() else { throw OpenSSL.failure("verifying") }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.pointer) == 1 else {
      throw OpenSSL.failure("verifying")
    }
    let outcome = EVP_DigestVerify(context, signature, signature.count, message, message.count)
    // Why it is none is no matter of the next call.
    OpenSSL.forgetErrors()
    return outcome == 1
  }
}

/// The one owner of an `EVP_PKEY` that holds a public key alone.
private struct RSAPublicKey: ~Copyable {
  let pointer: OpaquePointer  // EVP_PKEY

  init(_ key: VerificationKey) throws(KeyFailure) {
    guard let modulus = BN_bin2bn(key.modulus, Int32(key.modulus.count), nil) else { throw Self.failure }
    defer { BN_free(modulus) }
    guard let exponent = BN_bin2bn(key.exponent, Int32(key.exponent.count), nil) else { throw Self.failure }
    defer { BN_free(exponent) }
    guard let builder = OSSL_PARAM_BLD_new() else { throw Self.failure }
    defer { OSSL_PARAM_BLD_free(builder) }
    // They are read at the last of these calls.
    guard onbehalf_push_modulus(builder, modulus) == 1, onbehalf_push_exponent(builder, exponent) == 1,
      let parameters = OSSL_PARAM_BLD_to_param(builder)
    else { throw Self.failure }
    defer { OSSL_PARAM_free(parameters) }
    guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { throw Self.failure }
    defer { EVP_PKEY_CTX_free(context) }
    var pointer: OpaquePointer?
    guard EVP_PKEY_fromdata_init(context) == 1,
      EVP_PKEY_fromdata(context, &pointer, onbehalf_public_key, parameters) == 1,
      let pointer
    else { throw Self.failure }
    self.pointer = pointer
  }

  deinit { EVP_PKEY_free(pointer) }

  private static var failure: KeyFailure { OpenSSL.failure("reading a public key") }
}
