/// Numbers, literals and strings: each method starts at the first byte of one and leaves after its last.
extension JSONScanner {
  mutating func literal(_ text: String, _ kind: JSONNode.Kind) throws(JSONError) {
    let start = position
    for byte in text.utf8 {
      guard peek() == byte else { throw unexpected(.literal) }
      position += 1
    }
    nodes.append(JSONNode(kind, start: start, size: position - start))
  }

  /// RFC 8259 section 6.
  mutating func number() throws(JSONError) {
    let start = position
    if peek() == ASCII.minus { position += 1 }
    if peek() == ASCII.zero { position += 1 } else { try digits() }
    if peek() == ASCII.point {
      position += 1
      try digits()
    }
    if let byte = peek(), byte == ASCII.e || byte == ASCII.upperE {
      position += 1
      if let sign = peek(), sign == ASCII.plus || sign == ASCII.minus { position += 1 }
      try digits()
    }
    nodes.append(JSONNode(.number, start: start, size: position - start))
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = peek(), (ASCII.zero...ASCII.nine).contains(byte) { position += 1 }
    if position == start { throw unexpected(.digit) }
  }

  /// RFC 8259 section 7; the bytes are held to UTF-8 on the way.
  mutating func string() throws(JSONError) {
    let start = position
    var kind = JSONNode.Kind.string
    position += 1
    while let byte = peek() {
      switch byte {
      case ASCII.quote:
        position += 1
        nodes.append(JSONNode(kind, start: start, size: position - start))
        return
      case ASCII.backslash:
        kind = .escapedString
        try escape()
      case 0..<ASCII.space:
        throw JSONError(offset: position, problem: .controlCharacter(byte))
      case ASCII.space..<0x80:
        position += 1
      default:
        try multibyteCharacter(leadingWith: byte)
      }
    }
    throw unexpected(.closingQuote)
  }

  private mutating func escape() throws(JSONError) {
    let start = position
    position += 1
    switch peek() {
    case ASCII.quote, ASCII.backslash, ASCII.slash, ASCII.b, ASCII.f, ASCII.n, ASCII.r, ASCII.t:
      position += 1
    case ASCII.u:
      let unit = try codeUnit()
      if (0xDC00...0xDFFF).contains(unit) { throw JSONError(offset: start, problem: .loneSurrogate) }
      if (0xD800...0xDBFF).contains(unit) { try lowSurrogate(after: start) }
    default:
      throw unexpected(.escape)
    }
  }

  private mutating func lowSurrogate(after high: Int) throws(JSONError) {
    guard peek() == ASCII.backslash, position + 1 < bytes.count, bytes[position + 1] == ASCII.u else {
      throw JSONError(offset: high, problem: .loneSurrogate)
    }
    position += 1
    guard (0xDC00...0xDFFF).contains(try codeUnit()) else { throw JSONError(offset: high, problem: .loneSurrogate) }
  }

  /// Reads `uXXXX`.
  private mutating func codeUnit() throws(JSONError) -> UInt32 {
    position += 1
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = peek().flatMap(ASCII.hexDigit) else { throw unexpected(.hexDigit) }
      unit = unit << 4 | digit
      position += 1
    }
    return unit
  }

  /// The well-formed sequences of Unicode, table 3-7 (RFC 3629 section 4): nothing overlong, no surrogates, no more
  /// than U+10FFFF.
  private mutating func multibyteCharacter(leadingWith byte: UInt8) throws(JSONError) {
    let second: ClosedRange<UInt8>
    let length: Int
    switch byte {
    case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
    case 0xE0: (second, length) = (0xA0...0xBF, 3)
    case 0xED: (second, length) = (0x80...0x9F, 3)
    case 0xE1...0xEF: (second, length) = (0x80...0xBF, 3)
    case 0xF0: (second, length) = (0x90...0xBF, 4)
    case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
    case 0xF4: (second, length) = (0x80...0x8F, 4)
    default: throw JSONError(offset: position, problem: .invalidUTF8)
    }
    guard position + length <= bytes.count, second.contains(bytes[position + 1]),
      bytes[(position + 2)..<(position + length)].allSatisfy({ (0x80...0xBF).contains($0) })
    else { throw JSONError(offset: position, problem: .invalidUTF8) }
    position += length
  }
}
