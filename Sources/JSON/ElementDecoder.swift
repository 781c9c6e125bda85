/// Decodes the value at one place of a document.
final class ElementDecoder: Decoder {
  let element: JSONElement
  let path: JSONPath?
  private let unknownMembers: JSONReader.UnknownMembers
  private var object: NamedMembers?
  /// Decoders handed out for values inside this one that no `init(from:)` closes.
  private var handedOut: [ElementDecoder] = []

  init(_ element: JSONElement, path: JSONPath?, unknownMembers: JSONReader.UnknownMembers) {
    self.element = element
    self.path = path
    self.unknownMembers = unknownMembers
  }

  var codingPath: [any CodingKey] { (path?.steps ?? []).map(JSONPathKey.init) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(MemberReader(decoder: self, object: try members()))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let elements = element.elements else { throw mismatch("an array") }
    return ElementsReader(decoder: self, elements: elements)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  /// Reads the whole value and then holds its members, those asked for and those not, to the rule.
  func value<Value: Decodable>(_ type: Value.Type) throws(JSONDecodingError) -> Value {
    let value = try read(type)
    if unknownMembers == .refused { try refuseUnaskedMembers() }
    return value
  }

  private func read<Value: Decodable>(_ type: Value.Type) throws(JSONDecodingError) -> Value {
    do {
      return try Value(from: self)
    } catch let error as JSONDecodingError {
      throw error
    } catch let error as DecodingError {
      throw JSONDecodingError(error, reading: type)
    } catch {
      throw JSONDecodingError(.invalid, path: JSONPath.text(path), problem: "\(error)")
    }
  }

  func decoder(for element: JSONElement, at step: JSONPath.Step) -> ElementDecoder {
    ElementDecoder(element, path: JSONPath(step, in: path), unknownMembers: unknownMembers)
  }

  /// As above, for a value that is read piece by piece rather than as a type.
  func handOut(_ element: JSONElement, at step: JSONPath.Step) -> ElementDecoder {
    let decoder = decoder(for: element, at: step)
    if unknownMembers == .refused { handedOut.append(decoder) }
    return decoder
  }

  func refuseMembers(besides known: [String]) throws(JSONDecodingError) {
    try members().refuseMembers(besides: known, path: path)
  }

  private func refuseUnaskedMembers() throws(JSONDecodingError) {
    try object?.refuseUnaskedMembers(path: path)
    for decoder in handedOut { try decoder.refuseUnaskedMembers() }
  }

  private func members() throws(JSONDecodingError) -> NamedMembers {
    if let object { return object }
    guard let members = element.members else { throw mismatch("an object") }
    let object = try NamedMembers(members, path: path)
    self.object = object
    return object
  }

  func mismatch(_ expected: String) -> JSONDecodingError { .mismatch(element, expected: expected, path: path) }
}

extension ElementDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { element.isNull }
  func decode(_ type: Bool.Type) throws -> Bool { try element.boolean(path) }
  func decode(_ type: String.Type) throws -> String { try element.text(path) }
  func decode<Number: JSONFloatingPoint>(_ type: Number.Type) throws -> Number { try element.floating(path) }
  func decode<Number: FixedWidthInteger & Decodable>(_ type: Number.Type) throws -> Number { try element.integer(path) }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try read(type) }
}
