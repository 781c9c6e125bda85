/// Reads members of an object by key.
struct MemberReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: ElementDecoder
  let object: NamedMembers

  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { object.askAll(Key.init(stringValue:)) }

  func contains(_ key: Key) -> Bool { object.ask(key.stringValue) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try member(key).isNull }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try member(key).boolean(path(key)) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try member(key).text(path(key)) }

  func decode<Number: JSONFloatingPoint>(_ type: Number.Type, forKey key: Key) throws -> Number {
    try member(key).floating(path(key))
  }

  func decode<Number: FixedWidthInteger & Decodable>(_ type: Number.Type, forKey key: Key) throws -> Number {
    try member(key).integer(path(key))
  }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try decoder.decoder(for: member(key), at: .member(key.stringValue)).value(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type,
    forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try handOut(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try handOut(key).unkeyedContainer()
  }

  func superDecoder(forKey key: Key) throws -> any Decoder { try handOut(key) }

  func superDecoder() throws -> any Decoder {
    guard let element = object.ask("super") else { throw object.missing("super", path: decoder.path) }
    return decoder.handOut(element, at: .member("super"))
  }

  private func handOut(_ key: Key) throws -> ElementDecoder {
    decoder.handOut(try member(key), at: .member(key.stringValue))
  }

  private func member(_ key: Key) throws(JSONDecodingError) -> JSONElement {
    guard let element = object.ask(key.stringValue) else { throw object.missing(key.stringValue, path: decoder.path) }
    return element
  }

  private func path(_ key: Key) -> JSONPath { JSONPath(.member(key.stringValue), in: decoder.path) }
}
