/// Writes elements of the array in one slot.
struct ElementsWriter: UnkeyedEncodingContainer {
  let output: JSONOutput
  let slot: JSONText.Slot

  var codingPath: [any CodingKey] { output.codingPath }
  var count: Int { output.text.count(in: slot) }

  func encodeNil() throws { try write { $0.append(literal: "null") } }
  func encode(_ value: Bool) throws { try write { $0.append(value) } }
  func encode(_ value: String) throws { try write { $0.append(value) } }
  func encode(_ value: some FixedWidthInteger & Encodable) throws { try write { $0.append(value) } }

  func encode(_ value: some JSONFloatingPoint) throws {
    try write { text throws(JSONEncodingError) in try text.append(value) }
  }

  func encode(_ value: some Encodable) throws {
    try output.text.beginElement(in: slot)
    try output.encode(value)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    encoder().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
  func superEncoder() -> any Encoder { encoder() }

  private func write(_ append: (inout JSONText) throws(JSONEncodingError) -> Void) throws {
    try output.text.beginElement(in: slot)
    try append(&output.text)
  }

  private func encoder() -> SlotEncoder {
    output.encoder { text throws(JSONEncodingError) in try text.beginElement(in: slot) }
  }
}
