/// Encodes the value that belongs into one slot.
struct SlotEncoder: Encoder {
  let output: JSONOutput
  let slot: JSONOutput.Slot

  var codingPath: [any CodingKey] { output.steps.map(JSONPathKey.init) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    output.openContainer(in: slot, isObject: true)
    return KeyedEncodingContainer(MemberWriter(output: output, slot: slot))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    output.openContainer(in: slot, isObject: false)
    return ElementsWriter(output: output, slot: slot)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func write(_ value: JSONValue) throws { try output.fill(slot) { value.append(to: &$0) } }
  func write(_ raw: RawJSON) throws { try output.fill(slot) { $0.append(contentsOf: raw.element.rawBytes) } }
}

extension SlotEncoder: SingleValueEncodingContainer {
  func encodeNil() throws { try output.fill(slot) { $0.append(contentsOf: "null".utf8) } }
  func encode(_ value: Bool) throws { try output.fill(slot) { $0.append(contentsOf: value.description.utf8) } }
  func encode(_ value: String) throws { try output.fill(slot) { JSONString.append(value, to: &$0) } }

  func encode(_ value: some JSONFloatingPoint & Encodable) throws {
    try output.fill(slot) { _ in }
    try output.append(value)
  }

  func encode(_ value: some FixedWidthInteger & Encodable) throws {
    try output.fill(slot) { $0.append(contentsOf: String(value).utf8) }
  }

  func encode(_ value: some Encodable) throws { try output.write(value, in: slot) }
}

/// Writes members of an object.
struct MemberWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let output: JSONOutput
  let slot: JSONOutput.Slot

  var codingPath: [any CodingKey] { output.steps.map(JSONPathKey.init) }

  func encodeNil(forKey key: Key) throws {
    try begin(key)
    output.append(literal: "null")
  }

  func encode(_ value: Bool, forKey key: Key) throws {
    try begin(key)
    output.append(literal: value.description)
  }

  func encode(_ value: String, forKey key: Key) throws {
    try begin(key)
    output.append(value)
  }

  func encode(_ value: some JSONFloatingPoint & Encodable, forKey key: Key) throws {
    try begin(key)
    try output.append(value)
  }

  func encode(_ value: some FixedWidthInteger & Encodable, forKey key: Key) throws {
    try begin(key)
    output.append(literal: String(value))
  }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    try begin(key)
    try output.write(value, in: output.newSlot())
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

  private func begin(_ key: Key) throws { try output.beginMember(key.stringValue, in: slot) }

  private func encoder(_ name: String) -> SlotEncoder {
    output.encoder { () throws(JSONEncodingError) in try output.beginMember(name, in: slot) }
  }
}

/// Writes elements of an array.
struct ElementsWriter: UnkeyedEncodingContainer {
  let output: JSONOutput
  let slot: JSONOutput.Slot

  var codingPath: [any CodingKey] { output.steps.map(JSONPathKey.init) }
  var count: Int { output.count(in: slot) }

  func encodeNil() throws {
    try output.beginElement(in: slot)
    output.append(literal: "null")
  }

  func encode(_ value: Bool) throws {
    try output.beginElement(in: slot)
    output.append(literal: value.description)
  }

  func encode(_ value: String) throws {
    try output.beginElement(in: slot)
    output.append(value)
  }

  func encode(_ value: some JSONFloatingPoint & Encodable) throws {
    try output.beginElement(in: slot)
    try output.append(value)
  }

  func encode(_ value: some FixedWidthInteger & Encodable) throws {
    try output.beginElement(in: slot)
    output.append(literal: String(value))
  }

  func encode(_ value: some Encodable) throws {
    try output.beginElement(in: slot)
    try output.write(value, in: output.newSlot())
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    superEncoder().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { superEncoder().unkeyedContainer() }

  func superEncoder() -> any Encoder {
    output.encoder { () throws(JSONEncodingError) in try output.beginElement(in: slot) }
  }
}
