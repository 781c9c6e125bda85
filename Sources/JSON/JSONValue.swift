/// A JSON text as a tree, for building answers and for small inputs.
///
/// Objects keep the order of their members; numbers keep their source text. Equality is Swift's: strings are equal when
/// they are canonically equivalent, so where bytes matter compare `serialized()`.
package enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Sendable, Hashable {
    package var name: String
    package var value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The first member of that name, or nil for anything that is not such an object.
  package subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { JSONString.isSame($0.name, name) }?.value
  }
}

extension JSONValue {
  package init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .standard) throws(JSONError) {
    self.init(try JSONDocument(parsing: Array(bytes), limits: limits).root)
  }

  package init(_ element: JSONElement) {
    self =
      if let bool = element.bool { .bool(bool) } else if let string = element.string {
        .string(string)
      } else if let number = element.number { .number(number) } else if let elements = element.elements {
        .array(elements.map(JSONValue.init))
      } else if let members = element.members { .object(members.map { Member($0.name, JSONValue($0.value)) }) } else {
        .null
      }
  }

  /// Compact, members in their order, numbers as written, and nothing escaped that need not be.
  package func serialized() -> [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  func append(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let bool): bytes.append(contentsOf: (bool ? "true" : "false").utf8)
    case .number(let number): bytes.append(contentsOf: number.text.utf8)
    case .string(let string): JSONString.append(string, to: &bytes)
    case .array(let elements):
      append(elements, in: (ASCII.openingBracket, ASCII.closingBracket), to: &bytes) { $0.append(to: &$1) }
    case .object(let members):
      append(members, in: (ASCII.openingBrace, ASCII.closingBrace), to: &bytes) { member, bytes in
        JSONString.append(member.name, to: &bytes)
        bytes.append(ASCII.colon)
        member.value.append(to: &bytes)
      }
    }
  }

  private func append<Child>(
    _ children: [Child],
    in brackets: (opening: UInt8, closing: UInt8),
    to bytes: inout [UInt8],
    each: (Child, inout [UInt8]) -> Void
  ) {
    bytes.append(brackets.opening)
    for (index, child) in children.enumerated() {
      if index > 0 { bytes.append(ASCII.comma) }
      each(child, &bytes)
    }
    bytes.append(brackets.closing)
  }
}

extension JSONValue: Codable {
  package init(from decoder: any Decoder) throws { self.init(try JSONReader.element(of: decoder)) }
  package func encode(to encoder: any Encoder) throws { try JSONWriter.slot(of: encoder).write(self) }
}

/// A number exactly as it is written.
package struct JSONNumber: Sendable, Hashable {
  /// Matches the grammar of RFC 8259 section 6.
  package let text: String

  /// Trusts that `text` matches the grammar; for text from outside use the parser.
  package init(validated text: String) { self.text = text }
  package init(_ value: some FixedWidthInteger) { text = String(value) }

  /// The value when it is a whole number in range and written without fraction or exponent.
  package func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer? { Integer(text) }

  /// The nearest `Double`, or nil when the number is beyond its range.
  package var double: Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral members: (String, JSONValue)...) { self = .object(members.map(Member.init)) }
}
