/// `application/x-www-form-urlencoded`, every byte but RFC 3986's unreserved ones as `%XX`.
enum FormEncoding {
  static func encode(_ fields: [(name: String, value: String)]) -> [UInt8] {
    var output: [UInt8] = []
    for (index, field) in fields.enumerated() {
      if index > 0 { output.append(UInt8(ascii: "&")) }
      percentEncode(field.name, into: &output)
      output.append(UInt8(ascii: "="))
      percentEncode(field.value, into: &output)
    }
    return output
  }

  static func percentEncode(_ text: String, into output: inout [UInt8]) {
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      if FieldRules.isAlphanumeric(byte) || "-._~".utf8.contains(byte) {
        output.append(byte)
      } else {
        output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
  }
}
