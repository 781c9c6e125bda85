/// The text that the encoders and containers of one `JSONWriter.encode` write to.
final class JSONOutput {
  var text = JSONText()

  func finish() throws(JSONEncodingError) -> [UInt8] {
    if let failure = text.failure { throw failure }
    return text.bytes
  }

  /// Encodes the value that comes next, and completes it.
  func encode(_ value: some Encodable) throws {
    let slot = text.newSlot()
    try encode(value, in: slot)
  }

  func encode(_ value: some Encodable, in slot: JSONText.Slot) throws {
    try value.encode(to: SlotEncoder(output: self, slot: slot))
    text.complete(slot)
  }

  /// An encoder for the value that comes after `begin`. `Codable` cannot throw here: a failure waits for `finish`.
  func encoder(after begin: (inout JSONText) throws(JSONEncodingError) -> Void) -> SlotEncoder {
    try? begin(&text)
    return SlotEncoder(output: self, slot: text.newSlot())
  }

  var codingPath: [any CodingKey] { text.path.map(JSONPathKey.init) }
}
