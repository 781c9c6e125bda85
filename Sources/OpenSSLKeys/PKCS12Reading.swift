import COpenSSL
import Delegation

/// What is in a PKCS#12 file (RFC 7292): its one private key, and its certificates.
struct PKCS12Contents: ~Copyable {
  private var key: PrivateKey?
  private var keyCount = 0
  private(set) var certificates: [[UInt8]] = []
  private var budget = DerivationBudget()
  private var wasLocked = false

  private static let name = "a PKCS#12 file"
  private static let remedy = "openssl pkcs12 -legacy -in OLD.p12 -aes256 -out NEW.pem, and import NEW.pem as pem"

  /// - Throws: `.unreadable` for what is no such file, for one that is sealed in a way that is not known or asks for
  ///   too much, and unless it has exactly one private key.
  init(reading der: UnsafeRawBufferPointer, _ passphrase: Passphrase) throws(KeyFailure) {
    let start = der.baseAddress?.assumingMemoryBound(to: UInt8.self)
    var end = start
    guard let file = d2i_PKCS12(nil, &end, der.count) else {
      OpenSSL.forgetErrors()
      throw .unreadable(found: nameOfForeignFile(der))
    }
    defer { PKCS12_free(file) }
    guard end == start?.advanced(by: der.count) else { throw Self.damaged }
    let passphrase = try checkingMAC(of: file, passphrase)
    guard let safes = PKCS12_unpack_authsafes(file) else {
      OpenSSL.forgetErrors()
      throw .unreadable(found: "\(Self.name) that is signed for a certificate, or damaged")
    }
    defer { onbehalf_free_safes(safes) }
    for index in 0..<OPENSSL_sk_num(safes) {
      guard let safe = OPENSSL_sk_value(safes, index) else { continue }
      try read(safe.assumingMemoryBound(to: PKCS7.self), passphrase)
    }
    guard keyCount == 1 else {
      throw .unreadable(
        found: keyCount == 0
          ? "\(Self.name) without a private key"
          : "\(Self.name) with \(keyCount) private keys; export the one that is meant"
      )
    }
    guard wasLocked || !passphrase.isGiven else { throw .passphraseIsUseless(for: Self.name) }
  }

  consuming func privateKey() throws(KeyFailure) -> PrivateKey {
    guard let key = key.take() else { throw Self.damaged }
    return key
  }

  /// The passphrase in the spelling that fits: none and an empty one are two things here.
  private mutating func checkingMAC(of file: OpaquePointer, _ passphrase: Passphrase) throws(KeyFailure) -> Passphrase {
    guard PKCS12_mac_present(file) == 1 else { return passphrase }
    wasLocked = true
    var algorithm: UnsafePointer<X509_ALGOR>?
    var rounds: UnsafePointer<ASN1_INTEGER>?
    PKCS12_get0_mac(nil, &algorithm, nil, &rounds, file)
    let digest = OBJ_obj2nid(algorithm?.pointee.algorithm)
    guard Self.digests.contains(digest) else {
      throw .unreadable(
        found:
          "\(Self.name) with a MAC of \(OpenSSLKeys.name(of: digest)), which is not checked here; export it with SHA-256"
      )
    }
    let spellings =
      passphrase.isGiven
      ? [passphrase] : [Passphrase(bytes: nil, count: 0), Passphrase(bytes: passphrase.bytes, count: 0)]
    for spelling in spellings {
      if rounds == nil { try budget.spend(1, on: Self.name) } else { try budget.spend(rounds, on: Self.name) }
      if PKCS12_verify_mac(file, spelling.bytes, spelling.count) == 1 { return spelling }
    }
    OpenSSL.forgetErrors()
    throw passphrase.doesNotOpen(Self.name)
  }

  private static let digests: Set = [NID_sha1, NID_sha224, NID_sha256, NID_sha384, NID_sha512]

  private mutating func read(_ safe: UnsafeMutablePointer<PKCS7>, _ passphrase: Passphrase) throws(KeyFailure) {
    let bags: OpaquePointer?
    switch OBJ_obj2nid(safe.pointee.type) {
    case NID_pkcs7_data: bags = PKCS12_unpack_p7data(safe)
    case NID_pkcs7_encrypted:
      guard let algorithm = safe.pointee.d.encrypted?.pointee.enc_data?.pointee.algorithm else { throw Self.damaged }
      wasLocked = true
      try requireAffordable(algorithm, &budget, what: Self.name, remedy: Self.remedy)
      bags = PKCS12_unpack_p7encdata(safe, passphrase.bytes, passphrase.count)
      guard bags != nil else {
        OpenSSL.forgetErrors()
        throw passphrase.doesNotOpen(Self.name)
      }
    default: throw .unreadable(found: "\(Self.name) that is sealed for a certificate, not under a passphrase")
    }
    guard let bags else {
      OpenSSL.forgetErrors()
      throw Self.damaged
    }
    defer { onbehalf_free_safe_bags(bags) }
    try read(bags: bags, passphrase, depth: 0)
  }

  private mutating func read(
    bags: OpaquePointer,
    _ passphrase: Passphrase,
    depth: Int
  ) throws(KeyFailure) {
    guard depth < 4 else { throw .unreadable(found: "\(Self.name) with bags in bags in bags") }
    for index in 0..<OPENSSL_sk_num(bags) {
      guard let bag = OPENSSL_sk_value(bags, index).map(OpaquePointer.init) else { continue }
      switch PKCS12_SAFEBAG_get_nid(bag) {
      case NID_keyBag:
        guard let info = PKCS12_SAFEBAG_get0_p8inf(bag) else { throw Self.damaged }
        keyCount += 1
        if keyCount == 1 { key = try PrivateKey(info) }
      case NID_pkcs8ShroudedKeyBag:
        guard let sealed = PKCS12_SAFEBAG_get0_pkcs8(bag) else { throw Self.damaged }
        wasLocked = true
        keyCount += 1
        guard keyCount == 1 else { continue }
        key = try PrivateKey(decrypting: sealed, passphrase, &budget, what: Self.name, remedy: Self.remedy)
      case NID_certBag:
        guard PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate else { continue }
        guard let certificate = PKCS12_SAFEBAG_get1_cert(bag) else { throw Self.damaged }
        certificates.append(try X509Certificate(takingOwnershipOf: certificate).der())
      case NID_safeContentsBag:
        guard let inner = PKCS12_SAFEBAG_get0_safes(bag) else { throw Self.damaged }
        try read(bags: inner, passphrase, depth: depth + 1)
      default: continue
      }
    }
  }

  private static let damaged = KeyFailure.unreadable(found: "\(name) that cannot be read: damaged")
}
