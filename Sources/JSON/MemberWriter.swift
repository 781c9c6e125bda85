/// Writes members of the object in one slot.
struct MemberWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let output: JSONOutput
  let slot: JSONText.Slot

  var codingPath: [any CodingKey] { output.codingPath }

  func encodeNil(forKey key: Key) throws { try write(key) { $0.append(literal: "null") } }
  func encode(_ value: Bool, forKey key: Key) throws { try write(key) { $0.append(value) } }
  func encode(_ value: String, forKey key: Key) throws { try write(key) { $0.append(value) } }

  func encode(_ value: some FixedWidthInteger & Encodable, forKey key: Key) throws {
    try write(key) { $0.append(value) }
  }

  func encode(_ value: some JSONFloatingPoint, forKey key: Key) throws {
    try write(key) { text throws(JSONEncodingError) in try text.append(value) }
  }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    try output.text.beginMember(key.stringValue, in: slot)
    try output.encode(value)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type,
    forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    encoder(key.stringValue).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder(key.stringValue).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { encoder("super") }
  func superEncoder(forKey key: Key) -> any Encoder { encoder(key.stringValue) }

  private func write(_ key: Key, _ append: (inout JSONText) throws(JSONEncodingError) -> Void) throws {
    try output.text.beginMember(key.stringValue, in: slot)
    try append(&output.text)
  }

  private func encoder(_ name: String) -> SlotEncoder {
    output.encoder { text throws(JSONEncodingError) in try text.beginMember(name, in: slot) }
  }
}
