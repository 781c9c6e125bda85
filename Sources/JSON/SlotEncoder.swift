/// Encodes the value that belongs into one slot.
struct SlotEncoder: Encoder {
  let output: JSONOutput
  let slot: JSONText.Slot

  var codingPath: [any CodingKey] { output.codingPath }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  // `Codable` cannot throw in these two: a failure waits for `finish`.
  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    try? output.text.openContainer(in: slot, isObject: true)
    return KeyedEncodingContainer(MemberWriter(output: output, slot: slot))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    try? output.text.openContainer(in: slot, isObject: false)
    return ElementsWriter(output: output, slot: slot)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func write(_ value: JSONValue) throws { try fill { $0.append(value) } }
  func write(_ raw: RawJSON) throws { try fill { $0.append(raw) } }

  private func fill(_ append: (inout JSONText) throws(JSONEncodingError) -> Void) throws {
    try output.text.fill(slot, append)
  }
}

extension SlotEncoder: SingleValueEncodingContainer {
  func encodeNil() throws { try fill { $0.append(literal: "null") } }
  func encode(_ value: Bool) throws { try fill { $0.append(value) } }
  func encode(_ value: String) throws { try fill { $0.append(value) } }
  func encode(_ value: some FixedWidthInteger & Encodable) throws { try fill { $0.append(value) } }
  func encode(_ value: some Encodable) throws { try output.encode(value, in: slot) }

  func encode(_ value: some JSONFloatingPoint) throws {
    try fill { text throws(JSONEncodingError) in try text.append(value) }
  }
}
