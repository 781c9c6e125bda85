/// The newest row of a chain: its number, and the SHA-256 of its bytes as 64 hexadecimal digits.
package struct AuditHead: Sendable, Equatable {
  package let sequence: Int64
  package let hash: [UInt8]

  package init(sequence: Int64, hash: [UInt8]) {
    self.sequence = sequence
    self.hash = hash
  }

  /// What the first row of all names as the one before it.
  package static let genesis = AuditHead(sequence: 0, hash: [UInt8](repeating: UInt8(ascii: "0"), count: 64))

  /// `SEQ:HASH`, as syslog has it.
  package var text: String { "\(sequence):\(String(decoding: hash, as: UTF8.self))" }

  /// Reads exactly what `text` writes.
  package init?(_ text: String) {
    let parts = Array(text.utf8).split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count == 64, parts[1].allSatisfy(AuditLine.isHexadecimal),
      let sequence = AuditLine.number(parts[0])
    else { return nil }
    self.init(sequence: sequence, hash: Array(parts[1]))
  }
}

/// The shape that makes a line a row, and what of it holds the chain together (protocol/audit.md, "What is a row").
///
/// Not a JSON parser: another program can match it with one regular expression, and comes to the same verdict on every
/// line.
package struct AuditLine: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case plain
    case recovered(count: Int64, sha256: [UInt8])
    case rotated(from: AuditFileName)
  }

  package let sequence: Int64
  /// The hash that it names of the row before it.
  package let previous: [UInt8]
  package let kind: Kind

  /// A longer line is no row. Well above what the bounds of every member come to.
  package static let maximumBytes = 64 << 10

  private static let sequenceMark = Array(#"{"seq":"#.utf8)
  private static let timeMark = Array(#","time":""#.utf8)
  private static let eventMark = Array(#"","event":""#.utf8)
  private static let bytesMark = Array(#","bytes":"#.utf8)
  private static let hashMark = Array(#","sha256":""#.utf8)
  private static let fileMark = Array(#","file":""#.utf8)
  private static let previousMark = Array(#","prev":""#.utf8)
  private static let end = Array(#""}"#.utf8)
  private static let hashLength = 64

  /// The text of a row, without its line feed.
  package static func text(_ row: AuditRow, origin: [UInt8], after head: AuditHead) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(row.body.count + origin.count + 128)
    line += sequenceMark
    line += String(head.sequence + 1).utf8
    line.append(UInt8(ascii: ","))
    line += row.body
    line += origin
    line += previousMark
    line += head.hash
    line += end
    return line
  }

  /// Nil for what is not a row.
  package init?(_ line: ArraySlice<UInt8>) {
    guard line.count <= Self.maximumBytes, line.allSatisfy({ (0x20...0x7e).contains($0) }) else { return nil }
    var rest = line
    guard rest.dropSuffix(Self.end), let previous = rest.popHash(), rest.dropSuffix(Self.previousMark) else {
      return nil
    }
    guard rest.drop(Self.sequenceMark), let sequence = rest.popNumber(), sequence > 0, rest.drop(Self.timeMark),
      rest.prefix(24).count == 24, rest.prefix(24).allSatisfy({ "0123456789T:.-Z".utf8.contains($0) })
    else { return nil }
    rest = rest.dropFirst(24)
    guard rest.drop(Self.eventMark) else { return nil }
    let event = rest.prefix { (0x61...0x7a).contains($0) }
    rest = rest.dropFirst(event.count)
    guard (1...16).contains(event.count), rest.popFirst() == UInt8(ascii: "\""), rest.beginsMemberOrEnds,
      let kind = Self.kind(event, rest)
    else { return nil }
    self.sequence = sequence
    self.previous = previous
    self.kind = kind
  }

  private static func kind(_ event: ArraySlice<UInt8>, _ members: ArraySlice<UInt8>) -> Kind? {
    var rest = members
    if event.elementsEqual(AuditEvent.recovered.rawValue.utf8) {
      guard rest.drop(bytesMark), let count = rest.popNumber(), rest.drop(hashMark) else { return nil }
      let hash = rest.prefix(hashLength)
      rest = rest.dropFirst(hashLength)
      guard hash.count == hashLength, hash.allSatisfy(isHexadecimal), rest.popFirst() == UInt8(ascii: "\""),
        rest.beginsMemberOrEnds
      else { return nil }
      return .recovered(count: count, sha256: Array(hash))
    }
    if event.elementsEqual(AuditEvent.rotated.rawValue.utf8) {
      guard rest.drop(fileMark) else { return nil }
      let name = rest.prefix { $0 != UInt8(ascii: "\"") }
      rest = rest.dropFirst(name.count)
      guard let file = AuditFileName(String(decoding: name, as: UTF8.self)), rest.popFirst() != nil,
        rest.beginsMemberOrEnds
      else { return nil }
      return .rotated(from: file)
    }
    return .plain
  }

  /// 1 to 16 digits without a leading zero, or 0.
  static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    var rest = digits
    let number = rest.popNumber()
    return rest.isEmpty ? number : nil
  }

  static func isHexadecimal(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
}

extension ArraySlice<UInt8> {
  fileprivate var beginsMemberOrEnds: Bool { isEmpty || first == UInt8(ascii: ",") }

  fileprivate mutating func drop(_ mark: [UInt8]) -> Bool {
    guard starts(with: mark) else { return false }
    self = dropFirst(mark.count)
    return true
  }

  fileprivate mutating func dropSuffix(_ mark: [UInt8]) -> Bool {
    guard count >= mark.count, suffix(mark.count).elementsEqual(mark) else { return false }
    self = dropLast(mark.count)
    return true
  }

  fileprivate mutating func popHash() -> [UInt8]? {
    let hash = suffix(64)
    guard hash.count == 64, hash.allSatisfy(AuditLine.isHexadecimal) else { return nil }
    self = dropLast(64)
    return Array(hash)
  }

  fileprivate mutating func popNumber() -> Int64? {
    let digits = prefix { (0x30...0x39).contains($0) }
    guard (1...16).contains(digits.count), digits.first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
    self = dropFirst(digits.count)
    return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }
}
