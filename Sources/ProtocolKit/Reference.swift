import JSON

/// `protocol/REFERENCE.md`: every method and type, for reading.
struct Reference {
  private let description: ProtocolDescription

  init(_ description: ProtocolDescription) { self.description = description }

  var text: String {
    let methods = MethodEntry.Group.allCases.map { group in
      "\n## \(group.title)\n" + description.methods.filter { $0.group == group }.map(section).joined()
    }
    return """
      <!-- Written by `\(ProtocolDescription.generateCommand)` from protocol/. Do not edit. -->

      # Reference

      Methods, notifications and types of protocol \(ProtocolDescription.version). How messages travel, and every kind of error, is in
      [README.md](README.md). Params are an object, by name; unknown ones are refused unless it says otherwise.
      In examples `…` is a value that differs from run to run.

      | method | what it does | needs `--admin` |
      |---|---|---|
      \(description.methods.map(row).joined())\(methods.joined())
      ## Notifications

      \(description.notifications.map(section).joined(separator: "\n"))
      ## Types
      \((description.types.members ?? []).map(typeSection).joined())
      """
  }

  private func row(_ method: MethodEntry) -> String {
    "| [`\(method.name)`](#\(anchor(method.name))) | \(method.summary) | \(method.admin ? "yes" : "") |\n"
  }

  private func section(_ method: MethodEntry) -> String {
    let params = method.completeParams
    return """

      ### \(method.name)

      \(method.summary) \(method.description)

      \(conditions(method))
      \(table(params, "param", whenEmpty: params.isClosed ? "No params.\n" : ""))\(params.isClosed ? "" : "\nOther params are ignored.\n")
      \(result(method.result))
      \(errors(method))\(example(method))
      """
  }

  private func conditions(_ method: MethodEntry) -> String {
    var words: [String] = []
    if method.admin { words.append("Needs `--admin`.") }
    if method.actsForUser { words.append("Exactly one of `subject` and `userToken` is given.") }
    if let timeout = method.timeoutMs { words.append("`timeoutMs` is \(timeout) when it is not given.") }
    return words.isEmpty ? "Answered at once.\n" : words.joined(separator: " ") + "\n"
  }

  private func result(_ schema: JSONValue) -> String {
    let object = ObjectSchema(schema)
    if object.properties.isEmpty { return "Result: \(SchemaText(schema).type).\n" }
    return "Result:\n\n" + table(object, "member", whenEmpty: "")
  }

  private func table(_ object: ObjectSchema, _ what: String, whenEmpty: String) -> String {
    if object.properties.isEmpty { return whenEmpty }
    let rows = object.properties.map { property in
      let schema = SchemaText(property.value)
      let described = property.value["description"] ?? resolved(property.value)["description"]
      let presence = object.required.contains(property.name) ? "required" : schema.default
      return "| `\(property.name)` | \(schema.type) | \(presence) | \(described?.string ?? "") |\n"
    }
    return "| \(what) | type | | meaning |\n|---|---|---|---|\n" + rows.joined()
  }

  private func errors(_ method: MethodEntry) -> String {
    let names = method.errors.map { "`\($0)`" }.joined(separator: ", ")
    return names.isEmpty ? "" : "Errors, besides those of any method: \(names).\n"
  }

  private func example(_ method: MethodEntry) -> String {
    guard let example = MethodExample(of: method, description) else { return "" }
    var request: [JSONValue.Member] = [.init("jsonrpc", "2.0"), .init("id", 1), .init("method", .string(method.name))]
    if example.params.members?.isEmpty == false { request.append(.init("params", example.params)) }
    let answer: JSONValue = ["jsonrpc": "2.0", "id": 1, "result": example.result]
    return """

      Example, \(example.name):

      ```json
      \(JSONValue.object(request).indented())
      \(answer.indented())
      ```

      """
  }

  private func section(_ notification: NotificationEntry) -> String {
    """
    ### \(notification.name)

    From \(notification.direction). \(notification.summary)

    \(table(ObjectSchema(notification.params), "member", whenEmpty: "No members are read.\n"))
    ```json
    \(notification.example.indented())
    ```

    """
  }

  private func typeSection(_ type: JSONValue.Member) -> String {
    let members = table(ObjectSchema(type.value), "member", whenEmpty: "")
    return "\n### \(type.name)\n\n\(type.value["description"]?.string ?? "")\n" + (members.isEmpty ? "" : "\n" + members)
  }

  private func resolved(_ schema: JSONValue) -> JSONValue {
    SchemaValidator(types: description.types).resolved(schema)
  }

  /// As GitHub makes it from a heading.
  private func anchor(_ heading: String) -> String { heading.lowercased().filter { $0 != "." && $0 != "$" && $0 != "/" } }
}

extension MethodEntry.Group {
  fileprivate var title: String {
    switch self {
    case .session: "The session"
    case .keys: "Keys"
    case .profiles: "Profiles"
    case .tokens: "Assertions and tokens"
    case .agents: "Agents"
    case .diagnosis: "Diagnosis"
    }
  }
}
