import JSON

/// The keywords of JSON Schema draft-07 that `protocol/` uses. No others are understood.
enum SchemaKeyword: String, CaseIterable {
  case ref = "$ref"
  case type
  case const
  case `enum`
  case pattern
  case minLength
  case maxLength
  case minimum
  case maximum
  case items
  case minItems
  case maxItems
  case properties
  case required
  case additionalProperties
  case dependencies
  case oneOf
  case anyOf
  case not
  case format
  case description
  case `default`
}

extension JSONValue {
  /// Whether the value is of a type as JSON Schema names it. A whole number is one written without fraction.
  func isOf(type: String) -> Bool {
    switch self {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    case .number(let number):
      type == "number" || type == "integer" && !number.text.contains { ".eE".contains($0) }
    }
  }
}
