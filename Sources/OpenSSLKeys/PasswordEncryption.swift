import COpenSSL
import Delegation

/// Looks at how something is encrypted under a passphrase (RFC 8018, RFC 7292) before anything is derived.
///
/// Allows what OpenSSL's default provider opens. RC2, RC4 and single DES come from its legacy provider alone, which is
/// not loaded.
///
/// - Parameter remedy: the command by which the owner encrypts it anew.
/// - Throws: `.unreadable` with the name of the cipher, or with what it asks for.
func requireAffordable(
  _ algorithm: UnsafePointer<X509_ALGOR>,
  _ budget: inout DerivationBudget,
  what: String,
  remedy: String
) throws(KeyFailure) {
  let scheme = OBJ_obj2nid(algorithm.pointee.algorithm)
  switch scheme {
  case NID_pbes2:
    let parameters = try unpacked(PBE2PARAM.self, PBE2PARAM_it(), algorithm.pointee.parameter, what)
    defer { PBE2PARAM_free(parameters) }
    let cipher = OBJ_obj2nid(parameters.pointee.encryption.pointee.algorithm)
    guard modernCiphers.contains(cipher) else { throw .legacy(what, cipher, remedy: remedy) }
    try requireAffordableDerivation(parameters.pointee.keyfunc, &budget, what: what)
  case NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And2_Key_TripleDES_CBC:
    let parameters = try unpacked(PBEPARAM.self, PBEPARAM_it(), algorithm.pointee.parameter, what)
    defer { PBEPARAM_free(parameters) }
    try budget.spend(parameters.pointee.iter, on: what)
  default: throw .legacy(what, scheme, remedy: remedy)
  }
}

private let modernCiphers: Set = [
  NID_aes_128_cbc, NID_aes_192_cbc, NID_aes_256_cbc, NID_camellia_128_cbc, NID_camellia_192_cbc, NID_camellia_256_cbc,
  NID_des_ede3_cbc,
]

private func requireAffordableDerivation(
  _ function: UnsafePointer<X509_ALGOR>,
  _ budget: inout DerivationBudget,
  what: String
) throws(KeyFailure) {
  let kind = OBJ_obj2nid(function.pointee.algorithm)
  switch kind {
  case NID_id_pbkdf2:
    let parameters = try unpacked(PBKDF2PARAM.self, PBKDF2PARAM_it(), function.pointee.parameter, what)
    defer { PBKDF2PARAM_free(parameters) }
    try budget.spend(parameters.pointee.iter, on: what)
  case NID_id_scrypt:
    let parameters = try unpacked(SCRYPT_PARAMS.self, SCRYPT_PARAMS_it(), function.pointee.parameter, what)
    defer { SCRYPT_PARAMS_free(parameters) }
    try budget.spend(parameters.pointee, on: what)
  default:
    throw .unreadable(found: "\(what) whose key is derived with \(name(of: kind)); PBKDF2 and scrypt are known")
  }
}

private func unpacked<Parameters>(
  _ type: Parameters.Type,
  _ item: OpaquePointer?,
  _ value: UnsafePointer<ASN1_TYPE>?,
  _ what: String
) throws(KeyFailure) -> UnsafeMutablePointer<Parameters> {
  guard let parameters = ASN1_TYPE_unpack_sequence(item, value) else {
    OpenSSL.forgetErrors()
    throw .unreadable(found: "\(what) that cannot be read: damaged")
  }
  return parameters.assumingMemoryBound(to: type)
}

/// OpenSSL's own name for an algorithm it knows.
func name(of identifier: Int32) -> String {
  guard identifier != NID_undef, let name = OBJ_nid2ln(identifier) else { return "an algorithm that is not known" }
  return String(cString: name)
}

extension KeyFailure {
  fileprivate static func legacy(_ what: String, _ cipher: Int32, remedy: String) -> KeyFailure {
    .unreadable(
      found:
        "\(what) under \(name(of: cipher)), which is too old or unknown to be opened here; convert it with \(remedy)"
    )
  }
}
