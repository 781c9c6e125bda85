import COpenSSL
import Delegation

/// The bytes of an armoured text that count: all but white space, be it real or written out as `\n` and `\r`.
///
/// Environment files, JSON in JSON and one-line fields leave a PEM in such states. Without its white space each of them
/// is the same text.
struct ArmouredBytes: Sequence, IteratorProtocol {
  private let text: UnsafeRawBufferPointer
  private var offset = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  mutating func next() -> UInt8? {
    while offset < text.count {
      let byte = text[offset]
      let skipped = byte == UInt8(ascii: "\\") ? escapeLength() : byte > 0x20 ? 0 : 1
      guard skipped > 0 else {
        offset += 1
        return byte
      }
      offset += skipped
    }
    return nil
  }

  /// Of white space that is written out here: 1, 2 or 4 backslashes, as often as it was escaped again. 0 for none.
  private func escapeLength() -> Int {
    var end = offset
    while end < Swift.min(text.count, offset + 4), text[end] == UInt8(ascii: "\\") { end += 1 }
    return end < text.count && "nrt\r\n".utf8.contains(text[end]) ? end + 1 - offset : 0
  }

  /// The same in one piece of memory that is wiped.
  func collected() -> SecretBytes {
    SecretBytes(count: reduce(into: 0) { count, _ in count += 1 }) { memory in
      for (index, byte) in enumerated() { memory[index] = byte }
    }
  }
}

/// What base64 without white space stands for (RFC 4648 section 4), or nil when it is not exactly that.
func decodedBase64(_ digits: UnsafeRawBufferPointer) -> SecretBytes? {
  let pad = UInt8(ascii: "=")
  let padding = digits.reversed().prefix { $0 == pad }.count
  guard !digits.isEmpty, digits.count % 4 == 0, padding <= 2, !digits.dropLast(padding).contains(pad),
    let count = Int32(exactly: digits.count)
  else { return nil }
  var isRead = false
  let decoded = SecretBytes(count: digits.count / 4 * 3) { memory in
    isRead =
      EVP_DecodeBlock(
        memory.baseAddress?.assumingMemoryBound(to: UInt8.self),
        digits.baseAddress?.assumingMemoryBound(to: UInt8.self),
        count
      ) == count / 4 * 3
  }
  guard isRead else {
    OpenSSL.forgetErrors()
    return nil
  }
  return decoded.withUnsafeBytes { SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0.dropLast(padding))) }
}
