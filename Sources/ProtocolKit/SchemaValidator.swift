package import JSON

/// Holds values against the schemas of `protocol/`.
package struct SchemaValidator: Sendable {
  /// How much of a value is there to be looked at.
  package enum Reading: Sendable {
    /// The whole of it; what the schema does not mention is left alone.
    case whole
    /// The whole of it, and everything in it must be mentioned by the schema.
    case strict
    /// A part of it, as a transcript expects it: members may be missing and values may be matchers.
    case excerpt
  }

  private let types: JSONValue
  private let reading: Reading

  package init(types: JSONValue, reading: Reading = .whole) {
    self.types = types
    self.reading = reading
  }

  /// The schema behind a `$ref`, when there is one; else the schema itself.
  package func resolved(_ schema: JSONValue) -> JSONValue {
    guard let name = schema["$ref"]?.string.flatMap(Self.typeName), let type = types[name] else { return schema }
    return resolved(type)
  }

  /// The type that `types.json#/Type` means.
  static func typeName(_ reference: String) -> String? {
    let prefix = "types.json#/"
    return reference.hasPrefix(prefix) ? String(reference.dropFirst(prefix.count)) : nil
  }

  /// Nil when the value is as the schema says; else where it is not, and how.
  package func problem(with value: JSONValue, against schema: JSONValue, at path: String = "") -> String? {
    if reading == .excerpt, Expectation.Matcher(value) != nil { return nil }
    let schema = resolved(schema)
    for keyword in SchemaKeyword.allCases {
      guard let argument = schema[keyword.rawValue] else { continue }
      if let problem = problem(with: value, keyword, argument, of: schema, at: path) { return problem }
    }
    return nil
  }

  private func problem(
    with value: JSONValue,
    _ keyword: SchemaKeyword,
    _ argument: JSONValue,
    of schema: JSONValue,
    at path: String
  ) -> String? {
    func unless(_ isRight: Bool?) -> String? {
      isRight ?? true ? nil : "\(path.isEmpty ? "the value" : path) is not what \(keyword.rawValue) asks for"
    }
    return switch keyword {
    case .ref: unless(false)
    case .type: unless((argument.strings ?? [argument.string ?? ""]).contains { value.isOf(type: $0) })
    case .const: unless(value == argument)
    case .enum: unless(argument.elements?.contains(value))
    case .pattern: unless(value.string.map { SchemaPattern(argument.string ?? "")?.matches($0) == true })
    case .minLength: unless(value.string.map { $0.unicodeScalars.count >= argument.integer })
    case .maxLength: unless(value.string.map { $0.unicodeScalars.count <= argument.integer })
    case .minimum: unless(value.double.map { $0 >= Double(argument.integer) })
    case .maximum: unless(value.double.map { $0 <= Double(argument.integer) })
    case .minItems: unless(value.elements.map { $0.count >= argument.integer })
    case .maxItems: unless(value.elements.map { $0.count <= argument.integer })
    case .oneOf: unless(reading == .excerpt || matches(value, argument) == 1)
    case .anyOf: unless(reading == .excerpt || matches(value, argument) > 0)
    case .not: unless(reading == .excerpt || matches(value, [argument]) == 0)
    case .items: elementProblem(in: value, argument, at: path)
    case .properties: memberProblem(in: value, argument, of: schema, at: path)
    case .required: absent(in: value, reading == .excerpt ? [] : argument.strings, at: path)
    case .additionalProperties: unlistedProblem(in: value, argument, of: schema, at: path)
    case .dependencies: absent(in: value, dependents(of: value, argument), at: path)
    case .format, .description, .default: nil
    }
  }

  /// How many of the schemas the value fits. They are read leniently: each describes a part.
  private func matches(_ value: JSONValue, _ schemas: JSONValue) -> Int {
    let lenient = SchemaValidator(types: types)
    return (schemas.elements ?? []).count { lenient.problem(with: value, against: $0) == nil }
  }

  private func elementProblem(in value: JSONValue, _ schema: JSONValue, at path: String) -> String? {
    (value.elements ?? []).enumerated().lazy.compactMap { index, element in
      problem(with: element, against: schema, at: "\(path)[\(index)]")
    }.first
  }

  private func memberProblem(
    in value: JSONValue,
    _ properties: JSONValue,
    of schema: JSONValue,
    at path: String
  ) -> String? {
    let refusesUnlisted = reading != .whole && schema["additionalProperties"] == nil
    return (value.members ?? []).lazy.compactMap { member in
      let place = join(path, member.name)
      guard let property = properties[member.name] else { return refusesUnlisted ? "\(place) is unknown" : nil }
      return problem(with: member.value, against: property, at: place)
    }.first
  }

  private func unlistedProblem(
    in value: JSONValue,
    _ additional: JSONValue,
    of schema: JSONValue,
    at path: String
  ) -> String? {
    let unlisted = (value.members ?? []).filter { schema["properties"]?[$0.name] == nil }
    if additional == false { return unlisted.first.map { "\(join(path, $0.name)) is unknown" } }
    return unlisted.lazy.compactMap { problem(with: $0.value, against: additional, at: join(path, $0.name)) }.first
  }

  private func dependents(of value: JSONValue, _ dependencies: JSONValue) -> [String] {
    (dependencies.members ?? []).filter { value[$0.name] != nil }.flatMap { $0.value.strings ?? [] }
  }

  private func absent(in value: JSONValue, _ names: [String]?, at path: String) -> String? {
    guard value.members != nil else { return nil }
    return names?.first { value[$0] == nil }.map { "\(join(path, $0)) is missing" }
  }

  private func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

extension JSONValue {
  fileprivate var integer: Int { if case .number(let number) = self { number.integer() ?? 0 } else { 0 } }
  fileprivate var double: Double? { if case .number(let number) = self { number.double } else { nil } }
}
