/// Textual encodings of RFC 7468: one block, written and found.
package enum PEM {
  package static func encode(_ der: [UInt8], label: String) -> String {
    let digits = Base64.encodedBytes(der, as: .standard)
    let lines = stride(from: 0, to: digits.count, by: 64).map { start in
      String(decoding: digits[start..<min(start + 64, digits.count)], as: UTF8.self)
    }
    return "-----BEGIN \(label)-----\n" + lines.joined(separator: "\n") + "\n-----END \(label)-----\n"
  }

  /// The DER of the first block of that label, or nil when there is none that can be read.
  static func decode(_ bytes: UnsafeRawBufferPointer, label: String) -> [UInt8]? {
    let begin = Array("-----BEGIN \(label)-----".utf8)
    let end = Array("-----END \(label)-----".utf8)
    guard let start = find(begin, in: bytes, from: 0),
      let stop = find(end, in: bytes, from: start + begin.count)
    else { return nil }
    let body = bytes[(start + begin.count)..<stop].filter { $0 > 0x20 }
    return Base64.decode(body, as: .standard)
  }

  private static func find(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard bytes.count - start >= needle.count else { return nil }
    return (start...(bytes.count - needle.count)).first { offset in
      bytes[offset] == needle[0] && bytes[offset..<(offset + needle.count)].elementsEqual(needle)
    }
  }
}
