package import JSON

/// A JWT taken apart, its signature not verified: only for what came over a verified connection, or to refuse.
package struct JWT: Sendable {
  package let header: JSONValue
  package let claims: JSONValue

  static let maximumBytes = 16 << 10

  /// Nil for anything but three base64url parts of which the first two are JSON objects that name nothing twice: of two
  /// claims of one name others may read the other one (RFC 7519 section 4).
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

  /// RFC 7519, NumericDate; nil for one that no calendar has.
  func time(_ claim: String) -> UnixTime? {
    guard let seconds = integer(claim), (0...253_402_300_799).contains(seconds) else { return nil }
    return UnixTime(seconds: seconds)
  }

  private static func object(_ part: ArraySlice<UInt8>) -> JSONValue? {
    guard let bytes = Base64.decode(part, as: .url), let value = try? JSONValue(parsing: bytes),
      value.namesEachMemberOnce
    else { return nil }
    return value
  }
}

extension JSONValue {
  /// False for what is no object, too.
  var namesEachMemberOnce: Bool {
    guard case .object(let members) = self else { return false }
    return Set(members.map { Array($0.name.utf8) }).count == members.count
  }
}
