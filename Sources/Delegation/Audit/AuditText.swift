/// Members of a JSON object in the text of an audit row: ASCII without control characters, each value bounded.
///
/// Whatever a caller sends, it cannot begin another line, move a terminal's cursor or fill the disk with one row.
struct AuditText {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(512) }

  /// - Parameter limit: in Unicode scalars; what is longer ends in `...` and its length.
  mutating func add(_ name: StaticString, _ text: String?, limit: Int = 256) {
    guard let text else { return }
    begin(name)
    append(quoting: text, limit: limit)
  }

  mutating func add(_ name: StaticString, _ number: some FixedWidthInteger) {
    begin(name)
    bytes += String(number).utf8
  }

  mutating func add(_ name: StaticString, object members: (inout AuditText) -> Void) {
    begin(name)
    var inner = AuditText()
    members(&inner)
    bytes.append(UInt8(ascii: "{"))
    bytes += inner.bytes
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func begin(_ name: StaticString) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes += $0 }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func append(quoting text: String, limit: Int) {
    bytes.append(UInt8(ascii: "\""))
    var count = 0
    for scalar in text.unicodeScalars {
      guard count < limit else {
        bytes += "... (\(text.utf8.count) bytes)".utf8
        break
      }
      append(scalar)
      count += 1
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"", "\\":
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(UInt8(truncatingIfNeeded: scalar.value))
    case " "..."~": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
    default: for unit in UTF16.encode(scalar) ?? .init() { escape(unit) }
    }
  }

  /// `\u` and four digits (RFC 8259 section 7).
  private mutating func escape(_ unit: UInt16) {
    let digits = Hexadecimal.digits
    bytes += "\\u".utf8
    for shift in [12, 8, 4, 0] { bytes.append(digits[Int(unit >> UInt16(shift) & 15)]) }
  }
}

/// Lower-case hexadecimal, two digits a byte.
package enum Hexadecimal {
  static let digits = Array("0123456789abcdef".utf8)

  package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }
}
