/// Text as one word of a POSIX shell (XCU section 2.2).
enum ShellQuoting {
  /// In single quotes, between which every byte but their own means itself. Bytes are looked at and not Characters: in
  /// Swift a quote that a combining mark follows is another Character.
  ///
  /// - Throws: for a NUL, which no shell can hold.
  static func quote(_ text: String) throws(ParamsFailure) -> String {
    guard !text.utf8.contains(0) else { throw ParamsFailure("message", "must not contain NUL") }
    var quoted = [UInt8(ascii: "'")]
    for byte in text.utf8 {
      if byte == UInt8(ascii: "'") { quoted += #"'\''"#.utf8 } else { quoted.append(byte) }
    }
    quoted.append(UInt8(ascii: "'"))
    return String(decoding: quoted, as: UTF8.self)
  }

  /// As it is where it means itself as an argument, else quoted: for what a person reads.
  static func word(_ text: String) throws(ParamsFailure) -> String {
    let isPlain = text.utf8.allSatisfy { FieldRules.isAlphanumeric($0) || "._/:@%+,=-".utf8.contains($0) }
    return isPlain && !text.isEmpty ? text : try quote(text)
  }
}
