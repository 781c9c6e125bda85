import JSON

/// The signature of a JWT, and whose it is.
///
/// What verifies it comes from the identity domain alone: `jwk`, `jku`, `x5c` and `x5u` of the header are not looked at,
/// and `alg` chooses nothing (RFC 8725 sections 3.1 and 3.10).
struct TokenSignature: Sendable {
  private let header: JSONValue
  private let message: [UInt8]
  private let signature: [UInt8]

  /// Nil for what is no JWT.
  init?(of text: String) {
    guard let jwt = JWT(decoding: text), let dot = text.utf8.lastIndex(of: UInt8(ascii: ".")),
      let signature = Base64.decode(text.utf8[dot...].dropFirst(), as: .url)
    else { return nil }
    header = jwt.header
    message = Array(text.utf8[..<dot])
    self.signature = signature
  }

  /// Why no key of an identity domain can have made it so that it counts, whatever it shows.
  var flaw: String? {
    guard case .string(let algorithm) = header["alg"] else { return "Its header names no alg." }
    guard algorithm.utf8.elementsEqual("RS256".utf8) else {
      return "Its alg is \(Masking.mask(algorithm)), and an identity domain signs with RS256."
    }
    // RFC 7515 section 4.1.11.
    guard header["crit"] == nil else { return "Its header has crit, of which nothing is understood here." }
    return signature.isEmpty ? "It has no signature." : nil
  }

  /// Those of the keys that may have made it.
  func candidates(among keys: JSONWebKeySet) -> [JSONWebKeySet.Key] { keys.keys(named: header["kid"]) }

  /// Whether one of the keys made it.
  func isMade(byOneOf keys: JSONWebKeySet, _ verification: any SignatureVerification) throws(KeyFailure) -> Bool {
    for key in candidates(among: keys)
    where try verification.isRS256(signature, of: message, by: key.numbers) { return true }
    return false
  }
}
