import Foundation

/// The key and the signature of RFC 7515, Appendix A.2.
struct RFC7515Example: Decodable {
  struct Key: Decodable {
    let n: String
    let e: String
  }

  let jwk: Key
  let signingInput: String
  let jws: String

  static func load() throws -> RFC7515Example {
    try JSONDecoder().decode(
      RFC7515Example.self,
      from: Data(contentsOf: vectors.appendingPathComponent("rfc7515-a2.json"))
    )
  }

  static func pem() throws -> [UInt8] {
    [UInt8](try Data(contentsOf: vectors.appendingPathComponent("rfc7515-a2.pem")))
  }

  private static let vectors = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("protocol/vectors")
}

func base64URL(_ bytes: [UInt8]) -> String {
  Data(bytes).base64EncodedString()
    .replacingOccurrences(of: "+", with: "-")
    .replacingOccurrences(of: "/", with: "_")
    .replacingOccurrences(of: "=", with: "")
}
