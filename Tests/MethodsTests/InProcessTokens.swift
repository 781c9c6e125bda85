import Delegation
import JSON
import OpenSSLKeys
import ProtocolKit

/// Tokens of the identity domain's shape, signed with the key of RFC 7515, Appendix A.2.
struct InProcessTokens {
  static let issuer = "https://identity.oraclecloud.com/"
  static let lifetimeSeconds: Int64 = 3600

  let now: UnixTime
  private let key: any SigningKey

  init(now: UnixTime) throws {
    self.now = now
    let pem = try Repository.working.read("protocol/vectors/rfc7515-a2.pem")
    key = try OpenSSLSigningKeys().open(pem: SecretBytes(copying: pem))
  }

  /// As a printed example of Oracle's has it, without the certificates.
  var keySet: JSONValue {
    let (modulus, exponent) = (key.publicKey.modulus, key.publicKey.exponent)
    return [
      "keys": [
        [
          "kty": "RSA", "kid": "SIGNING_KEY", "alg": "RS256", "key_ops": ["encrypt", "sign"],
          "n": .string(Base64.encode(modulus, as: .url)), "e": .string(Base64.encode(exponent, as: .url)),
        ]
      ]
    ]
  }

  func accessToken(user: String?, clientId: String, scope: String, changes: [JSONValue.Member]) -> String {
    let claims: [JSONValue.Member] = [
      .init("tok_type", "AT"),
      .init("sub_type", user == nil ? "client" : "user"),
      .init("sub", .string(user ?? clientId)),
      .init("scope", .string(scope)),
    ]
    return sign(claims.filter { claim in !changes.contains { $0.name == claim.name } } + changes)
  }

  /// The user's own token, which the domain takes as a user assertion.
  func idToken(user: String, clientId: String) -> String {
    sign([
      .init("tok_type", "IT"),
      .init("sub", .string(user)),
      .init("aud", [.string(Self.issuer), .string(clientId)]),
    ])
  }

  /// The claims of a token of that type; nil for every other text.
  func claims(of token: String, type: String) -> JSONValue? {
    guard let dot = token.lastIndex(of: "."), token[dot...].dropFirst() == signature(of: token[..<dot]),
      let claims = JWT(decoding: token)?.claims, claims["tok_type"] == .string(type)
    else { return nil }
    return claims
  }

  private func sign(_ claims: [JSONValue.Member]) -> String {
    let whole =
      claims + [
        .init("iss", .string(Self.issuer)),
        .init("iat", .number(JSONNumber(now.seconds))),
        .init("exp", .number(JSONNumber(now.seconds + Self.lifetimeSeconds))),
      ]
    let parts = [["alg": "RS256", "kid": "SIGNING_KEY"], JSONValue.object(whole)].map { (part: JSONValue) in
      Base64.encode(part.serialized(), as: .url)
    }
    let text = parts.joined(separator: ".")
    return "\(text).\(signature(of: text))"
  }

  private func signature(of text: some StringProtocol) -> String {
    Base64.encode((try? key.signRS256(Array(text.utf8))) ?? [], as: .url)
  }
}
