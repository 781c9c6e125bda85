import JSON

/// What agents and pods write, made fit to be handed to a model or shown to a person: it stays data, whatever it says.
///
/// Control characters, characters that reverse or hide text, and the invisible tag characters are replaced: they could
/// say something to a model, or to a terminal, that the person who reads along does not see.
enum AgentText {
  /// Of one output, in bytes: far more than an answer, far less than fills a model's memory.
  static let maximumBytes = 256 << 10

  /// - Returns: the value, and whether something was cut off. JSON that is too large comes as the beginning of its text.
  static func output(_ value: JSONValue, maximumBytes: Int = maximumBytes) -> (value: JSONValue, isTruncated: Bool) {
    let cleaned = clean(value)
    let bytes = cleaned.serialized()
    guard bytes.count > maximumBytes else { return (cleaned, false) }
    let text = if case .string(let text) = cleaned { text } else { String(decoding: bytes, as: UTF8.self) }
    return (.string(prefix(of: text, bytes: maximumBytes)), true)
  }

  static func clean(_ value: JSONValue) -> JSONValue {
    switch value {
    case .null, .bool, .number: value
    case .string(let text): .string(clean(text))
    case .array(let elements): .array(elements.map(clean))
    case .object(let members): .object(members.map { .init(clean($0.name), clean($0.value)) })
    }
  }

  static func clean(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHostile) else { return text }
    let scalars = text.unicodeScalars.map { isHostile($0) ? "\u{FFFD}" : $0 }
    return String(String.UnicodeScalarView(scalars))
  }

  /// Whole scalars, at most so many bytes of UTF-8.
  static func prefix(of text: String, bytes maximum: Int) -> String {
    guard text.utf8.count > maximum else { return text }
    var end = text.utf8.index(text.utf8.startIndex, offsetBy: maximum)
    while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return String(text.unicodeScalars[..<end])
  }

  private static func isHostile(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a, 0x0d: false
    case ..<0x20, 0x7f...0x9f: true
    // Joiners and the styles of a character, which some scripts and emoji are not written without.
    case 0x200c, 0x200d, 0xfe0e, 0xfe0f: false
    // Marks that change the direction of text, ends of lines that few know, and blanks that look like nothing.
    case 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0x2800, 0xfff9...0xfffb: true
    default: scalar.properties.isDefaultIgnorableCodePoint
    }
  }
}
