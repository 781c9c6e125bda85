/// One JSON value exactly as it was written, to be handed on untouched.
///
/// Equal when the bytes are. Keeps the text it was read from alive.
package struct RawJSON: Sendable {
  package let element: JSONElement

  package init(_ element: JSONElement) { self.element = element }

  package init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
    element = try JSONDocument(parsing: bytes, limits: limits).root
  }

  /// The value without the white space between its parts, so that it stands on one line.
  package init(compacting bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
    let spacious = try RawJSON(parsing: bytes, limits: limits)
    let compact = Self.withoutWhiteSpace(bytes)
    self = compact.count == bytes.count ? spacious : try RawJSON(parsing: compact, limits: limits)
  }

  /// Only of a text that has been parsed: `1 2` is not `12`.
  private static func withoutWhiteSpace(_ bytes: [UInt8]) -> [UInt8] {
    var isInString = false
    var isEscaped = false
    return bytes.filter { byte in
      guard isInString else {
        isInString = byte == ASCII.quote
        return !ASCII.isSpace(byte)
      }
      isInString = isEscaped || byte != ASCII.quote
      isEscaped = !isEscaped && byte == ASCII.backslash
      return true
    }
  }

  /// Without the white space around it.
  package var bytes: [UInt8] { Array(element.rawBytes) }
  package var value: JSONValue { JSONValue(element) }
}

extension RawJSON: Hashable {
  package static func == (one: RawJSON, other: RawJSON) -> Bool { one.element.rawBytes == other.element.rawBytes }
  package func hash(into hasher: inout Hasher) { hasher.combine(element.rawBytes) }
}

extension RawJSON: Codable {
  package init(from decoder: any Decoder) throws { element = try JSONReader.element(of: decoder) }
  package func encode(to encoder: any Encoder) throws { try JSONWriter.slot(of: encoder).write(self) }
}
