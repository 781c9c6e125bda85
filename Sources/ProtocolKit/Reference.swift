import JSON

/// `protocol/REFERENCE.md`: every method and type, for reading.
struct Reference {
  private let description: ProtocolDescription

  init(_ description: ProtocolDescription) { self.description = description }

  var text: String {
    let groups = MethodEntry.Group.allCases.flatMap { group in
      ["## \(group.title)"] + description.methods.filter { $0.group == group }.flatMap(section)
    }
    let notifications = description.notifications.flatMap(section)
    let types = (description.types.members ?? []).flatMap(typeSection)
    let blocks = [preface, overview] + groups + ["## Notifications"] + notifications + ["## Types"] + types
    return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  private var preface: String {
    """
    <!-- Written by `\(ProtocolDescription.generateCommand)` from protocol/. Do not edit. -->

    # Reference

    Methods, notifications and types of protocol \(ProtocolDescription.version). How messages travel, and every
    kind of error, is in [README.md](README.md).

    Params are an object, by name; unknown ones are refused unless it says otherwise. Every method that has a deadline
    also takes `timeoutMs` ([TimeoutMs](#timeoutms)) and `workDoneToken` ([ProgressToken](#progresstoken)). In examples
    `…` is a value that differs from run to run.
    """
  }

  private var overview: String {
    "| method | what it does | needs `--admin` |\n|---|---|---|\n"
      + description.methods.map(row).joined(separator: "\n")
  }

  private func row(_ method: MethodEntry) -> String {
    "| [`\(method.name)`](#\(anchor(method.name))) | \(method.summary) | \(method.admin ? "yes" : "") |"
  }

  private func section(_ method: MethodEntry) -> [String] {
    let params = method.ownParams
    return [
      "### \(method.name)",
      "\(method.summary) \(method.description)",
      conditions(method),
      table(params, "param"),
      params.isClosed ? (params.properties.isEmpty ? "No params." : "") : "Other params are ignored.",
    ] + result(method.result) + [errors(method)] + example(method)
  }

  private func conditions(_ method: MethodEntry) -> String {
    var words: [String] = []
    if method.admin { words.append("Needs `--admin`.") }
    if method.actsForUser { words.append("Exactly one of `subject` and `userToken` is given.") }
    if let timeout = method.timeoutMs { words.append("Deadline: \(timeout) ms, unless `timeoutMs` says otherwise.") }
    return words.joined(separator: " ")
  }

  private func result(_ schema: JSONValue) -> [String] {
    let object = ObjectSchema(schema)
    return object.properties.isEmpty ? ["Result: \(SchemaText(schema).type)."] : ["Result:", table(object, "member")]
  }

  private func table(_ object: ObjectSchema, _ what: String) -> String {
    if object.properties.isEmpty { return "" }
    return (["| \(what) | type | | meaning |", "|---|---|---|---|"] + rows(object, prefix: "")).joined(separator: "\n")
  }

  /// A row per member, and after it those for what is inside.
  private func rows(_ object: ObjectSchema, prefix: String) -> [String] {
    object.properties.flatMap { property in
      let schema = SchemaText(property.value)
      let described = property.value["description"] ?? resolved(property.value)["description"]
      let presence = object.required.contains(property.name) ? "required" : schema.default
      let name = prefix + property.name
      return ["| `\(name)` | \(schema.type) | \(presence) | \(described?.string ?? "") |"]
        + rows(ObjectSchema(property.value), prefix: name + ".")
    }
  }

  private func errors(_ method: MethodEntry) -> String {
    let names = method.errors.map { "`\($0)`" }.joined(separator: ", ")
    return names.isEmpty ? "" : "Errors, besides those of any method: \(names)."
  }

  private func example(_ method: MethodEntry) -> [String] {
    guard let example = MethodExample(of: method, description) else { return [] }
    var request: [JSONValue.Member] = [.init("jsonrpc", "2.0"), .init("id", 1), .init("method", .string(method.name))]
    if example.params.members?.isEmpty == false { request.append(.init("params", example.params)) }
    let answer: JSONValue = ["jsonrpc": "2.0", "id": 1, "result": example.result]
    return ["Example, \(example.name):", fenced(.object(request)), fenced(answer)]
  }

  private func section(_ notification: NotificationEntry) -> [String] {
    [
      "### \(notification.name)",
      "From \(notification.direction). \(notification.summary)",
      table(ObjectSchema(notification.params), "member"),
      fenced(notification.example),
    ]
  }

  private func typeSection(_ type: JSONValue.Member) -> [String] {
    ["### \(type.name)", type.value["description"]?.string ?? "", table(ObjectSchema(type.value), "member")]
  }

  private func fenced(_ value: JSONValue) -> String { "```json\n\(value.indented())\n```" }

  private func resolved(_ schema: JSONValue) -> JSONValue {
    SchemaValidator(types: description.types).resolved(schema)
  }

  /// As GitHub makes it from a heading.
  private func anchor(_ heading: String) -> String { heading.lowercased().filter { !".$/".contains($0) } }
}

extension MethodEntry.Group {
  fileprivate var title: String {
    switch self {
    case .session: "The session"
    case .keys: "Keys"
    case .profiles: "Profiles"
    case .tokens: "Assertions and tokens"
    case .agents: "Agents"
    case .api: "Other Fusion REST resources"
    case .diagnosis: "Diagnosis"
    case .audit: "Audit"
    }
  }
}
