package import JSON

/// The schema of an object, taken apart.
package struct ObjectSchema: Sendable {
  package typealias Member = JSONValue.Member

  /// Schemas of the members, in the order of the file.
  package var properties: [Member]
  package var required: [String]
  /// Whether members without a schema are refused.
  package let isClosed: Bool
  /// What holds between members: `oneOf`, `not`, `dependencies`.
  package var rules: [Member]

  package init(_ schema: JSONValue) {
    properties = schema["properties"]?.members ?? []
    required = schema["required"]?.strings ?? []
    isClosed = schema["additionalProperties"] == false
    rules = (schema.members ?? []).filter { ["oneOf", "anyOf", "not", "dependencies"].contains($0.name) }
  }

  /// The schema in one piece.
  package var whole: JSONValue {
    var members = [Member("type", "object"), Member("additionalProperties", .bool(!isClosed))]
    if !required.isEmpty { members.append(Member("required", .array(required.map(JSONValue.string)))) }
    members.append(Member("properties", .object(properties)))
    return .object(members + rules)
  }
}

extension ObjectSchema {
  static var userProperties: [Member] {
    [
      Member("profile", ["description": "Default: the default profile.", "$ref": "types.json#/ProfileName"]),
      Member("subject", ["$ref": "types.json#/Subject"]),
      Member("userToken", ["$ref": "types.json#/UserToken"]),
    ]
  }

  static var userRule: Member { Member("oneOf", [["required": ["subject"]], ["required": ["userToken"]]]) }

  static func workProperties(timeoutMs: Int) -> [Member] {
    [
      Member("timeoutMs", ["$ref": "types.json#/TimeoutMs", "default": .number(JSONNumber(timeoutMs))]),
      Member("workDoneToken", ["$ref": "types.json#/ProgressToken"]),
    ]
  }
}

extension JSONValue {
  package var members: [Member]? { if case .object(let members) = self { members } else { nil } }
  package var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  package var string: String? { if case .string(let string) = self { string } else { nil } }

  /// The strings of an array of strings.
  var strings: [String]? { elements?.compactMap(\.string) }
}
