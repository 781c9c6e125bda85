/// The header block of one message, as far as it has been read (LSP 3.17, base protocol).
struct HeaderBlock: Sendable {
  /// Bytes of the lines so far, line ends included.
  private(set) var bytes = 0
  private var contentLength: Int?

  var isEmpty: Bool { bytes == 0 }

  /// Takes one line, given without its line feed. Returns the length of the message when the block is complete.
  mutating func add(_ line: [UInt8], maximumMessageBytes: Int) throws(BrokenFrame) -> Int? {
    bytes += line.count + 1
    guard line.last == .carriageReturn else { throw .headerLineWithoutCarriageReturn }
    let field = line.dropLast()
    if field.isEmpty {
      guard let contentLength else { throw .contentLengthMissing }
      return contentLength
    }
    guard let colon = field.firstIndex(of: UInt8(ascii: ":")), colon > field.startIndex else {
      throw .headerWithoutColon
    }
    // Other headers, Content-Type among them, say nothing this protocol leaves open.
    guard Self.isContentLength(field[..<colon]) else { return nil }
    guard contentLength == nil else { throw .contentLengthRepeated }
    contentLength = try Self.length(field[(colon + 1)...], limit: maximumMessageBytes)
    return nil
  }

  /// Header names are compared without regard to case (RFC 9110 section 5.1).
  private static func isContentLength(_ name: ArraySlice<UInt8>) -> Bool {
    name.lazy.map { $0.isASCIILetter ? $0 | 0x20 : $0 }.elementsEqual("content-length".utf8)
  }

  private static func length(_ value: ArraySlice<UInt8>, limit: Int) throws(BrokenFrame) -> Int {
    let isBlank = { (byte: UInt8) in byte == .space || byte == .tab }
    let digits = value.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    guard !digits.isEmpty, digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else {
      throw .contentLengthMalformed
    }
    var length = 0
    for digit in digits {
      length = length * 10 + Int(digit - UInt8(ascii: "0"))
      // Checked digit by digit, so that no number of digits overflows.
      guard length <= limit else { throw .messageTooLarge(limit: limit) }
    }
    return length
  }
}
