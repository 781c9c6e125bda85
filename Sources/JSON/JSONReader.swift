/// Reads `Decodable` types from JSON.
///
/// Stricter than Foundation's: an object must not name a member twice, whole numbers must be written as such and fit,
/// and with `.refused` every member of every object that is read by name must have been asked for.
package enum JSONReader {
  package enum UnknownMembers: Sendable {
    case ignored
    case refused
  }

  package static func decode<Value: Decodable>(
    _ type: Value.Type,
    from element: JSONElement,
    unknownMembers: UnknownMembers = .ignored
  ) throws(JSONDecodingError) -> Value {
    try ElementDecoder(element, path: nil, unknownMembers: unknownMembers).value(type)
  }

  package static func decode<Value: Decodable>(
    _ type: Value.Type,
    from raw: RawJSON,
    unknownMembers: UnknownMembers = .ignored
  ) throws(JSONDecodingError) -> Value {
    try decode(type, from: raw.element, unknownMembers: unknownMembers)
  }

  package static func decode<Value: Decodable>(
    _ type: Value.Type,
    from bytes: [UInt8],
    limits: JSONLimits = .standard,
    unknownMembers: UnknownMembers = .ignored
  ) throws(JSONDecodingError) -> Value {
    let document: JSONDocument
    do {
      document = try JSONDocument(parsing: bytes, limits: limits)
    } catch {
      throw JSONDecodingError(.malformed, path: "", problem: error.description)
    }
    return try decode(type, from: document.root, unknownMembers: unknownMembers)
  }

  package static func decode<Value: Decodable>(
    _ type: Value.Type,
    from value: JSONValue,
    unknownMembers: UnknownMembers = .ignored
  ) throws(JSONDecodingError) -> Value {
    try decode(type, from: value.serialized(), unknownMembers: unknownMembers)
  }

  /// Refuses, from within an `init(from:)`, members of the object being read that are not among `keys`, whatever the
  /// reading as a whole does with them.
  package static func refuseUnknownMembers<Key: CodingKey & CaseIterable>(
    in decoder: any Decoder,
    knownAs keys: Key.Type
  ) throws {
    try jsonDecoder(decoder).refuseMembers(besides: keys.allCases.map(\.stringValue))
  }

  /// The whole value a decoder of ours stands at.
  static func element(of decoder: any Decoder) throws -> JSONElement { try jsonDecoder(decoder).element }

  private static func jsonDecoder(_ decoder: any Decoder) throws -> ElementDecoder {
    guard let decoder = decoder as? ElementDecoder else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "only JSONReader can read this type")
      )
    }
    return decoder
  }
}
