package import JSON

/// A JWT taken apart, its signature not verified: only for what came over a verified connection, or to refuse.
package struct JWT: Sendable {
  package let header: JSONValue
  package let claims: JSONValue

  static let maximumBytes = 16 << 10

  /// Nil for anything but three base64url parts of which the first two are JSON objects.
  package init?(decoding text: String) {
    guard text.utf8.count <= Self.maximumBytes else { return nil }
    let parts = Array(text.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
      Base64.decode(parts[2], as: .url) != nil
    else { return nil }
    self.header = header
    self.claims = claims
  }

  func text(_ claim: String) -> String? {
    guard case .string(let text) = claims[claim] else { return nil }
    return text
  }

  /// A claim that may be one text or several, such as `aud`.
  func texts(_ claim: String) -> [String] {
    switch claims[claim] {
    case .string(let text): [text]
    case .array(let elements):
      elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    default: []
    }
  }

  func integer(_ claim: String) -> Int64? {
    guard case .number(let number) = claims[claim] else { return nil }
    return number.integer()
  }

  private static func object(_ part: ArraySlice<UInt8>) -> JSONValue? {
    guard let bytes = Base64.decode(part, as: .url), let value = try? JSONValue(parsing: bytes),
      case .object = value
    else { return nil }
    return value
  }
}
