package import JSON

/// The id of a request, echoed byte for byte: `1`, `1e0` and `"1"` are three ids.
package struct RequestID: Sendable, Hashable {
  /// As written, quotes included. A copy, so that an id does not keep its whole message alive.
  let bytes: [UInt8]

  /// Nil for anything but a string or a number.
  package init?(_ element: JSONElement) {
    switch element.kind {
    case .string, .number: bytes = Array(element.rawBytes)
    case .null, .bool, .array, .object: return nil
    }
  }

  /// For a request of ours.
  init(number: UInt64) { bytes = Array("\(number)".utf8) }

  /// Of numbers only those without fraction and exponent.
  package var isStringOrInteger: Bool {
    bytes.first == UInt8(ascii: "\"") || !bytes.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
  }
}
