package import JSON

/// Values for the `${name}` in a transcript's strings.
package struct Placeholders: Sendable {
  package private(set) var values: [String: String]

  package init(_ values: [String: String]) { self.values = values }

  package mutating func set(_ name: String, to value: String) { values[name] = value }

  /// The value with every known placeholder filled in. Unknown ones are left as they are.
  package func filling(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let string): .string(filling(string))
    case .array(let elements): .array(elements.map(filling))
    case .object(let members): .object(members.map { JSONValue.Member($0.name, filling($0.value)) })
    case .null, .bool, .number: value
    }
  }

  private func filling(_ string: String) -> String {
    var filled = ""
    var rest = string[...]
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      let name = String(rest[start.upperBound..<end])
      filled += rest[..<start.lowerBound]
      filled += values[name] ?? "${\(name)}"
      rest = rest[rest.index(after: end)...]
    }
    return filled + rest
  }
}
