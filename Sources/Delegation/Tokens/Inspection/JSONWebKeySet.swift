import JSON

/// The public keys that an identity domain shows (RFC 7517 section 5), read as what a stranger sent.
///
/// Known of Oracle's from a printed example, and of no other place: `kty`, `n`, `e`, `kid` (always SIGNING_KEY), `alg`,
/// `x5t`, `x5t#S256`, `x5c`, and as `key_ops` encrypt and sign. So `key_ops` is not looked at; and that `n` and `e` are
/// there beside `x5c`, which is not read, is assumed.
package struct JSONWebKeySet: Sendable {
  package struct Key: Sendable, Equatable {
    /// `kid`, as bytes.
    package let id: [UInt8]?
    package let numbers: VerificationKey
  }

  package static let maximumBytes = 256 << 10
  package static let maximumCount = 32

  /// Those that may have made an RS256 signature.
  package let keys: [Key]
  /// How many others there are: of another kind, malformed, or out of bounds. They count as not there (section 5).
  package let ignoredCount: Int

  package init(parsing bytes: [UInt8]) throws(NetworkFailure.Malformed) {
    let limits = JSONLimits(maximumBytes: Self.maximumBytes, maximumDepth: 16)
    guard let set = try? JSONValue(parsing: bytes, limits: limits) else {
      throw NetworkFailure.Malformed(found: "signing keys that are not JSON")
    }
    guard set.namesEachMemberOnce, case .array(let elements) = set["keys"] else {
      throw NetworkFailure.Malformed(found: "an answer that is no set of signing keys")
    }
    guard elements.count <= Self.maximumCount else {
      throw NetworkFailure.Malformed(found: "\(elements.count) signing keys, where \(Self.maximumCount) are read")
    }
    keys = elements.compactMap(Key.init)
    ignoredCount = elements.count - keys.count
  }

  /// Those that a token with this `kid` may be signed with: of the same name, or of none. Two may share one, such as the
  /// old key and the new.
  func keys(named id: JSONValue?) -> [Key] {
    switch id {
    case .string(let text): keys.filter { $0.id == nil || $0.id == Array(text.utf8) }
    case nil: keys
    default: []
    }
  }
}

extension JSONWebKeySet.Key {
  /// Nil for what is no RSA key for RS256 signatures (RFC 7518 section 6.3.1).
  fileprivate init?(_ element: JSONValue) {
    guard element.namesEachMemberOnce, element["kty"] == "RSA", [nil, "sig"].contains(element["use"]),
      [nil, "RS256"].contains(element["alg"]),
      let modulus = Self.number(element["n"]), let exponent = Self.number(element["e"]),
      let numbers = VerificationKey(modulus: modulus, exponent: exponent)
    else { return nil }
    switch element["kid"] {
    case .string(let text): id = Array(text.utf8)
    case nil: id = nil
    default: return nil
    }
    self.numbers = numbers
  }

  private static func number(_ value: JSONValue?) -> [UInt8]? {
    guard case .string(let text) = value else { return nil }
    return Base64.decode(text.utf8, as: .url)
  }
}
