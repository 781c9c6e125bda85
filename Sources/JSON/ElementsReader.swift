/// Reads elements of an array in turn; one that could not be read is passed over.
struct ElementsReader: UnkeyedDecodingContainer {
  let decoder: ElementDecoder
  private let elementCount: Int
  private var upcoming: JSONElement?
  private var rest: JSONElement.Elements.Iterator
  private(set) var currentIndex = 0

  init(decoder: ElementDecoder, elements: JSONElement.Elements) {
    self.decoder = decoder
    elementCount = elements.count
    rest = elements.makeIterator()
    upcoming = rest.next()
  }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { elementCount }
  var isAtEnd: Bool { upcoming == nil }

  mutating func decodeNil() throws -> Bool {
    guard try current().isNull else { return false }
    advance()
    return true
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool { try next().boolean(path) }
  mutating func decode(_ type: String.Type) throws -> String { try next().text(path) }
  mutating func decode<Number: JSONFloatingPoint>(_ type: Number.Type) throws -> Number { try next().floating(path) }

  mutating func decode<Number: FixedWidthInteger & Decodable>(_ type: Number.Type) throws -> Number {
    try next().integer(path)
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let element = try next()
    return try decoder.decoder(for: element, at: step).value(type)
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try handOut().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try handOut().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { try handOut() }

  private mutating func handOut() throws -> ElementDecoder {
    let element = try next()
    return decoder.handOut(element, at: step)
  }

  private mutating func next() throws(JSONDecodingError) -> JSONElement {
    let element = try current()
    advance()
    return element
  }

  private mutating func advance() {
    upcoming = rest.next()
    currentIndex += 1
  }

  private func current() throws(JSONDecodingError) -> JSONElement {
    guard let upcoming else {
      throw JSONDecodingError(.missing, path: JSONPath.text(decoder.path), problem: "the array has too few elements")
    }
    return upcoming
  }

  /// Of the element taken last.
  private var step: JSONPath.Step { .element(currentIndex - 1) }
  private var path: JSONPath { JSONPath(step, in: decoder.path) }
}
