import JSON

/// The protocol as an OpenRPC 1.2.6 document.
struct OpenRPCDocument {
  private typealias Member = JSONValue.Member

  static let openRPCVersion = "1.2.6"

  private let description: ProtocolDescription

  init(_ description: ProtocolDescription) { self.description = description }

  var whole: JSONValue { .object(head + [Member("methods", .array(methods)), Member("components", components)]) }

  /// `whole` as compact JSON, cut between methods.
  var pieces: [String] {
    let methods = methods.map(\.text)
    let opening = JSONValue.object(head).text.dropLast() + ",\"methods\":["
    return [String(opening)] + methods.dropLast().map { $0 + "," } + methods.suffix(1)
      + ["],\"components\":\(components.text)}"]
  }

  private var head: [Member] {
    [
      Member("openrpc", .string(Self.openRPCVersion)),
      Member(
        "info",
        [
          "title": "onbehalf",
          "version": .string(ProtocolDescription.version),
          "description": "Calls Oracle Fusion AI agents as the real end user, over stdin and stdout.",
        ]
      ),
      Member("x-notifications", .array(description.notifications.map(notification))),
    ]
  }

  private var methods: [JSONValue] { description.methods.map(method) }

  private func method(_ method: MethodEntry) -> JSONValue {
    let schema = method.completeParams
    var members = [
      Member("name", .string(method.name)),
      Member("summary", .string(method.summary)),
      Member("description", .string(method.description)),
      Member("tags", [["name": .string(method.group.rawValue)]]),
      Member("paramStructure", "by-name"),
      Member("params", .array(schema.properties.map { parameter($0, isRequired: schema.required.contains($0.name)) })),
      Member("result", ["name": "result", "schema": relinked(method.result)]),
      Member("errors", .array(errors(of: method))),
    ]
    if let example = example(of: method) { members.append(Member("examples", [example])) }
    members.append(Member("x-admin", .bool(method.admin)))
    if let timeoutMs = method.timeoutMs { members.append(Member("x-timeoutMs", .number(JSONNumber(timeoutMs)))) }
    if !schema.isClosed { members.append(Member("x-additionalParams", true)) }
    if !schema.rules.isEmpty { members.append(Member("x-paramRules", .object(schema.rules))) }
    return .object(members)
  }

  private func parameter(_ property: JSONValue.Member, isRequired: Bool) -> JSONValue {
    let description = property.value["description"] ?? resolved(property.value)["description"] ?? ""
    return [
      "name": .string(property.name), "description": description, "required": .bool(isRequired),
      "schema": relinked(property.value),
    ]
  }

  private func errors(of method: MethodEntry) -> [JSONValue] {
    let kinds = description.errors.kinds.filter { $0.anyMethod == true || method.errors.contains($0.kind) }
    return kinds.map { ["$ref": .string("#/components/errors/\($0.kind)")] }
  }

  /// The first request of the first transcript that has a result.
  private func example(of method: MethodEntry) -> JSONValue? {
    guard let example = MethodExample(of: method, description) else { return nil }
    // Of the members that initialize ignores there is no descriptor.
    let described = Set(method.completeParams.properties.map(\.name))
    let params = (example.params.members ?? []).filter { described.contains($0.name) }
      .map { ["name": .string($0.name), "value": $0.value] as JSONValue }
    return [
      "name": .string(example.name), "params": .array(params),
      "result": ["name": "result", "value": example.result],
    ]
  }

  private func notification(_ notification: NotificationEntry) -> JSONValue {
    [
      "name": .string(notification.name), "direction": .string(notification.direction),
      "summary": .string(notification.summary), "params": relinked(notification.params),
    ]
  }

  private var components: JSONValue {
    let schemas = (description.types.members ?? []).map { Member($0.name, relinked($0.value)) }
    let errors = description.errors.kinds.map { kind in
      Member(
        kind.kind,
        [
          "code": .number(JSONNumber(kind.code)), "message": .string(kind.meaning),
          "data": ["kind": .string(kind.kind), "hint": .string(kind.hint)],
        ]
      )
    }
    return ["schemas": .object(schemas), "errors": .object(errors)]
  }

  private func resolved(_ schema: JSONValue) -> JSONValue {
    SchemaValidator(types: description.types).resolved(schema)
  }

  /// The schema with its references pointing into this document. What stands beside a reference is dropped: draft-07
  /// ignores it.
  private func relinked(_ schema: JSONValue) -> JSONValue {
    switch schema {
    case .object(let members):
      if let type = schema["$ref"]?.string.flatMap(SchemaValidator.typeName) {
        ["$ref": .string("#/components/schemas/\(type)")]
      } else {
        .object(members.map { Member($0.name, relinked($0.value)) })
      }
    case .array(let elements): .array(elements.map(relinked))
    case .null, .bool, .number, .string: schema
    }
  }
}

extension ProtocolDescription {
  /// Version of the protocol: the first number changes when a client may break.
  package static let version = "1.0"
}
