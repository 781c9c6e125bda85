/// One JSON value exactly as it was written, to be handed on untouched.
///
/// Equal when the bytes are. Keeps the text it was read from alive.
package struct RawJSON: Sendable {
  package let element: JSONElement

  package init(_ element: JSONElement) { self.element = element }

  package init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
    element = try JSONDocument(parsing: bytes, limits: limits).root
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
