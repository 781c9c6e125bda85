/// Why a text is not the JSON of RFC 8259, or is more of it than allowed.
///
/// Says where and what was expected, and shows at most the one byte that stood there.
package struct JSONError: Error, Hashable {
  /// Bytes from the start of the text to the first that cannot stand.
  package let offset: Int
  package let problem: Problem

  package init(offset: Int, problem: Problem) {
    self.offset = offset
    self.problem = problem
  }

  package enum Problem: Sendable, Hashable {
    case tooLarge(maximumBytes: Int)
    case tooDeep(maximumDepth: Int)
    case byteOrderMark
    case unexpectedEnd(expected: Expectation)
    case unexpectedByte(UInt8, expected: Expectation)
    case controlCharacter(UInt8)
    case invalidUTF8
    case loneSurrogate
  }

  package enum Expectation: String, Sendable, Hashable {
    case value = "a value"
    case literal = "true, false or null"
    case name = "a member name in double quotes"
    case colon = "a colon"
    case commaOrBrace = "a comma or a closing brace"
    case commaOrBracket = "a comma or a closing bracket"
    case digit = "a digit"
    case escape = "one of the escapes of RFC 8259"
    case hexDigit = "a hexadecimal digit"
    case closingQuote = "a closing double quote"
    case endOfText = "the end of the text"
  }
}

extension JSONError: CustomStringConvertible {
  /// One sentence.
  package var description: String { "The JSON text cannot be read at byte \(offset): \(problem)." }
}

extension JSONError.Problem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLarge(let maximumBytes): "it is longer than \(maximumBytes) bytes"
    case .tooDeep(let maximumDepth): "it nests deeper than \(maximumDepth) levels"
    case .byteOrderMark: "it begins with a byte order mark"
    case .unexpectedEnd(let expected): "expected \(expected.rawValue), but the text ends"
    case .unexpectedByte(let byte, let expected): "expected \(expected.rawValue), found \(shown(byte))"
    case .controlCharacter(let byte): "\(shown(byte)) must be escaped in a string"
    case .invalidUTF8: "the bytes are not UTF-8"
    case .loneSurrogate: "the escape is half of a surrogate pair"
    }
  }

  private func shown(_ byte: UInt8) -> String {
    guard (0x21...0x7E).contains(byte) else {
      return "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
    return "`\(Character(Unicode.Scalar(byte)))`"
  }
}
