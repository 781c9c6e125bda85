import JSON

/// What must hold of every schema: known keywords, references that lead somewhere, a description for each member.
struct SchemaCheck {
  private let types: JSONValue

  init(_ types: JSONValue) { self.types = types }

  func problems(in schema: JSONValue, named name: String) -> [String] {
    let members = schema.members ?? []
    var problems = members.filter { SchemaKeyword(rawValue: $0.name) == nil }
      .map { "\(name): the keyword \($0.name) is not understood" }
    if let reference = schema["$ref"]?.string, SchemaValidator.typeName(reference).flatMap({ types[$0] }) == nil {
      problems.append("\(name): \(reference) leads nowhere")
    }
    if let pattern = schema["pattern"]?.string, SchemaPattern(pattern) == nil {
      problems.append("\(name): \(pattern) is no regular expression")
    }
    let properties = schema["properties"]?.members ?? []
    if !properties.isEmpty {
      problems += (schema["required"]?.strings ?? []).filter { schema["properties"]?[$0] == nil }
        .map { "\(name): \($0) is required but not described" }
    }
    problems += properties.flatMap { self.problems(inProperty: $0.value, named: "\(name).\($0.name)") }
    for keyword in ["items", "additionalProperties"] {
      if let part = schema[keyword], part.members != nil { problems += self.problems(in: part, named: "\(name)[]") }
    }
    return problems
  }

  private func problems(inProperty schema: JSONValue, named name: String) -> [String] {
    let described = schema["description"] ?? SchemaValidator(types: types).resolved(schema)["description"]
    return problems(in: schema, named: name) + (described == nil ? ["\(name) has no description"] : [])
  }
}
