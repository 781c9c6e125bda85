/// Base64 and base64url (RFC 4648 sections 4 and 5).
package enum Base64 {
  package enum Alphabet: Sendable {
    case standard
    /// The alphabet of JOSE; without padding (RFC 7515 section 2).
    case url
  }

  package static func encode(_ bytes: some Collection<UInt8>, as alphabet: Alphabet) -> String {
    String(decoding: encodedBytes(bytes, as: alphabet), as: UTF8.self)
  }

  package static func encodedBytes(_ bytes: some Collection<UInt8>, as alphabet: Alphabet) -> [UInt8] {
    let digits = alphabet == .url ? urlDigits : standardDigits
    var output: [UInt8] = []
    output.reserveCapacity((bytes.count + 2) / 3 * 4)
    var buffer: UInt32 = 0
    var filled = 0
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      filled += 8
      while filled >= 6 {
        filled -= 6
        output.append(digits[Int(buffer >> UInt32(filled) & 63)])
      }
    }
    if filled > 0 { output.append(digits[Int(buffer << UInt32(6 - filled) & 63)]) }
    if alphabet == .standard {
      while output.count % 4 != 0 { output.append(UInt8(ascii: "=")) }
    }
    return output
  }

  /// The bytes, or nil for anything that is not exactly what `encode` writes: a stray character, loose trailing bits,
  /// padding where there must be none.
  package static func decode(_ text: some Collection<UInt8>, as alphabet: Alphabet) -> [UInt8]? {
    let digits = alphabet == .url ? urlValues : standardValues
    var output: [UInt8] = []
    output.reserveCapacity(text.count / 4 * 3 + 2)
    var buffer: UInt32 = 0
    var filled = 0
    var padding = 0
    for byte in text {
      if alphabet == .standard, byte == UInt8(ascii: "=") {
        padding += 1
        continue
      }
      let value = digits[Int(byte)]
      guard padding == 0, value < 64 else { return nil }
      buffer = buffer << 6 | UInt32(value)
      filled += 6
      if filled >= 8 {
        filled -= 8
        output.append(UInt8(truncatingIfNeeded: buffer >> UInt32(filled)))
      }
    }
    let isWhole = alphabet == .url ? text.count % 4 != 1 : text.count % 4 == 0 && padding <= 2
    guard isWhole, filled < 6, buffer & (1 << UInt32(filled) - 1) == 0 else { return nil }
    return output
  }

  private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  private static let standardDigits = Array((letters + "+/").utf8)
  private static let urlDigits = Array((letters + "-_").utf8)
  private static let standardValues = values(of: standardDigits)
  private static let urlValues = values(of: urlDigits)

  private static func values(of digits: [UInt8]) -> [UInt8] {
    var table = [UInt8](repeating: 0xff, count: 256)
    for (value, digit) in digits.enumerated() { table[Int(digit)] = UInt8(value) }
    return table
  }
}
