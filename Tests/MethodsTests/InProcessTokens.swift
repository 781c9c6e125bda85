import Delegation
import JSON
import OpenSSLKeys

/// Tokens of the identity domain's shape. Only the domain and the pod check them, so a keyed digest signs them.
struct InProcessTokens {
  static let issuer = "https://identity.oraclecloud.com/"
  static let lifetimeSeconds: Int64 = 3600

  let now: UnixTime

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
    guard let dot = token.lastIndex(of: "."), token[dot...].dropFirst() == Self.signature(of: token[..<dot]),
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
    return "\(text).\(Self.signature(of: text))"
  }

  private static func signature(of text: some StringProtocol) -> String {
    Base64.encode(OpenSSLDigests().sha256(Array("known to the domain alone: \(text)".utf8)), as: .url)
  }
}
