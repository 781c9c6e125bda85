import Delegation

// The fields of a line of a store file: base64url, decimal numbers, and text in which every byte that is no visible
// ASCII, or is `%` or `=`, is written `%XX`. Readers are lenient where `StoreDocument.parse` compares the spelling anyway.

typealias Field = ArraySlice<UInt8>

/// The fields behind `keyword`, when there are as many as there must be.
func fields(of line: Field, _ keyword: String, count: some RangeExpression<Int>) -> ArraySlice<Field>? {
  let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
  guard fields[0].elementsEqual(keyword.utf8), count.contains(fields.count - 1) else { return nil }
  return fields.dropFirst()
}

func fields(of line: Field, _ keyword: String, count: Int) -> [Field]? {
  fields(of: line, keyword, count: count...count).map(Array.init)
}

func encoded(_ bytes: [UInt8]) -> [UInt8] { Base64.encodedBytes(bytes, as: .url) }

func decoded(_ field: Field) -> [UInt8]? { Base64.decode(field, as: .url) }

func number(_ field: Field) -> UInt64? { UInt64(String(decoding: field, as: UTF8.self)) }

func escaped(_ text: String) -> [UInt8] {
  let digits = Array("0123456789ABCDEF".utf8)
  return text.utf8.flatMap { byte in
    switch byte {
    case UInt8(ascii: "%"), UInt8(ascii: "="), ...0x20, 0x7F...:
      [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    default: [byte]
    }
  }
}

func unescaped(_ field: Field) -> String? {
  var bytes: [UInt8] = []
  var rest = field
  while let byte = rest.popFirst() {
    guard byte == UInt8(ascii: "%") else {
      bytes.append(byte)
      continue
    }
    guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
    rest = rest.dropFirst(2)
    bytes.append(value)
  }
  return String(decoding: bytes, as: UTF8.self)
}
