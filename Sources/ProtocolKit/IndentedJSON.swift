import JSON

extension JSONValue {
  /// JSON for people: two spaces per level; what fits into a line of 120 columns is left on one.
  package func indented() -> String { lines(level: 0, prefix: 0) }

  private func lines(level: Int, prefix: Int) -> String {
    let flat = spaced
    if level * 2 + prefix + flat.count < 120 { return flat }
    let indent = String(repeating: "  ", count: level + 1)
    let end = "\n" + String(repeating: "  ", count: level)
    switch self {
    case .array(let elements) where !elements.isEmpty:
      let lines = elements.map { indent + $0.lines(level: level + 1, prefix: 1) }
      return "[\n" + lines.joined(separator: ",\n") + end + "]"
    case .object(let members) where !members.isEmpty:
      let lines = members.map { member in
        let name = JSONValue.string(member.name).text + ": "
        return indent + name + member.value.lines(level: level + 1, prefix: name.count + 1)
      }
      return "{\n" + lines.joined(separator: ",\n") + end + "}"
    case .null, .bool, .number, .string, .array, .object: return flat
    }
  }

  /// On one line, with spaces where people put them.
  private var spaced: String {
    switch self {
    case .array(let elements): "[" + elements.map(\.spaced).joined(separator: ", ") + "]"
    case .object([]): "{}"
    case .object(let members):
      "{ " + members.map { "\(JSONValue.string($0.name).text): \($0.value.spaced)" }.joined(separator: ", ") + " }"
    case .null, .bool, .number, .string: text
    }
  }
}
