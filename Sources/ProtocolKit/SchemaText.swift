import JSON

/// A schema in the words of a table.
struct SchemaText {
  private let schema: JSONValue

  init(_ schema: JSONValue) { self.schema = schema }

  var type: String {
    if let name = schema["$ref"]?.string.flatMap(SchemaValidator.typeName) {
      return "[\(name)](#\(name.lowercased()))"
    }
    if let constant = schema["const"] { return "`\(constant.text)`" }
    if let values = schema["enum"]?.elements { return values.map { "`\($0.text)`" }.joined(separator: " or ") }
    if let items = schema["items"] { return "array of \(SchemaText(items).type)" }
    let types = schema["type"]?.strings ?? [schema["type"]?.string ?? "any"]
    return types.joined(separator: " or ")
  }

  /// What holds when the member is absent.
  var `default`: String { schema["default"].map { "`\($0.text)`" } ?? "" }
}
