import COpenSSL
import Delegation

/// How much work a file may ask for before it is opened. Whoever wrote the file chose the numbers.
///
/// A round of PBKDF2 or of PKCS#12's own derivation costs about a microsecond, and so does a block of scrypt. Usual files
/// ask for 2 thousand to 1 million, with scrypt for 131 thousand.
struct DerivationBudget {
  static let maximumRounds: Int64 = 5_000_000
  /// Of 128 bytes: OpenSSL lends 32 MiB to scrypt, which needs r · (N + p + 2) of them.
  private static let maximumScryptBlocks: Int64 = (32 << 20) / 128

  private var rest = maximumRounds

  /// - Parameter rounds: as the file writes it; a number without end counts as one that is too large.
  mutating func spend(_ rounds: UnsafePointer<ASN1_INTEGER>?, on what: String) throws(KeyFailure) {
    var asked: Int64 = 0
    guard ASN1_INTEGER_get_int64(&asked, rounds) == 1 else {
      OpenSSL.forgetErrors()
      throw .unreadable(found: "\(what) that asks for more rounds of key derivation than can be counted")
    }
    try spend(asked, on: what)
  }

  mutating func spend(_ rounds: Int64, on what: String) throws(KeyFailure) {
    guard (1...Self.maximumRounds).contains(rounds) else {
      throw .unreadable(found: "\(what) that asks for \(rounds) rounds of key derivation; \(Self.allowed)")
    }
    guard rounds <= rest else {
      throw .unreadable(found: "\(what) whose rounds of key derivation are too many together; \(Self.allowed)")
    }
    rest -= rounds
  }

  /// Its work is N · r · p rounds (RFC 7914).
  mutating func spend(_ scrypt: SCRYPT_PARAMS, on what: String) throws(KeyFailure) {
    var (n, r, p): (Int64, Int64, Int64) = (0, 0, 0)
    let areCounted =
      ASN1_INTEGER_get_int64(&n, scrypt.costParameter) == 1 && ASN1_INTEGER_get_int64(&r, scrypt.blockSize) == 1
      && ASN1_INTEGER_get_int64(&p, scrypt.parallelizationParameter) == 1
    OpenSSL.forgetErrors()
    let most = Self.maximumScryptBlocks
    guard areCounted, [n, r, p].allSatisfy({ (1...most).contains($0) }), r * (n + p + 2) <= most
    else {
      let found = areCounted ? "scrypt of N=\(n), r=\(r), p=\(p)" : "scrypt of numbers without end"
      throw .unreadable(found: "\(what) that asks for \(found); 32 MiB of memory are lent at most")
    }
    try spend(n * r * p, on: what)
  }

  private static let allowed = "\(maximumRounds) are done at most"
}
