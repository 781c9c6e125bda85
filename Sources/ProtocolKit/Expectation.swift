package import JSON

/// What a message must look like: protocol/README.md, "Transcripts".
///
/// Objects may have members that are not mentioned; arrays may not be longer or shorter.
package struct Expectation: Sendable {
  private let expected: JSONValue

  package init(_ expected: JSONValue) { self.expected = expected }

  /// One of the objects that stand for a value that varies.
  enum Matcher {
    case any(String)
    case pattern(String)
    case capture(String)

    /// Nil for a value that stands for itself.
    init?(_ value: JSONValue) {
      guard let members = value.members, members.count == 1, let member = members.first,
        let argument = member.value.string
      else { return nil }
      switch member.name {
      case "$any": self = .any(argument)
      case "$pattern": self = .pattern(argument)
      case "$capture": self = .capture(argument)
      default: return nil  // an object of the message itself
      }
    }
  }

  /// Nil when the message is as expected; then what it captures is in `placeholders`. Else where it differs.
  package func mismatch(with actual: JSONValue, _ placeholders: inout Placeholders) -> String? {
    Self.mismatch(expected: placeholders.filling(expected), actual: actual, at: "", &placeholders)
  }

  private static func mismatch(
    expected: JSONValue,
    actual: JSONValue,
    at path: String,
    _ placeholders: inout Placeholders
  ) -> String? {
    if let matcher = Matcher(expected) { return matcher.mismatch(with: actual, at: path, &placeholders) }
    switch (expected, actual) {
    case (.object(let members), .object):
      for member in members {
        let path = "\(path).\(member.name)"
        guard let value = actual[member.name] else { return "\(path) is missing" }
        if let found = mismatch(expected: member.value, actual: value, at: path, &placeholders) { return found }
      }
      return nil
    case (.array(let elements), .array(let found)):
      guard elements.count == found.count else { return "\(path) has \(found.count) elements, not \(elements.count)" }
      for (index, pair) in zip(elements, found).enumerated() {
        let path = "\(path)[\(index)]"
        if let found = mismatch(expected: pair.0, actual: pair.1, at: path, &placeholders) { return found }
      }
      return nil
    case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _):
      return expected.serialized() == actual.serialized()
        ? nil : "\(path) is \(actual.text), not \(expected.text)"
    }
  }
}

extension Expectation.Matcher {
  fileprivate func mismatch(with actual: JSONValue, at path: String, _ placeholders: inout Placeholders) -> String? {
    switch self {
    case .any(let type):
      return actual.isOf(type: type) ? nil : "\(path) is \(actual.text), not of type \(type)"
    case .pattern(let pattern):
      guard let string = actual.string, SchemaPattern(pattern)?.matches(string) == true else {
        return "\(path) is \(actual.text), which does not match \(pattern)"
      }
      return nil
    case .capture(let name):
      guard let string = actual.string else { return "\(path) is \(actual.text), not a string" }
      placeholders.set(name, to: string)
      return nil
    }
  }
}

extension JSONValue {
  /// As compact JSON.
  package var text: String { String(decoding: serialized(), as: UTF8.self) }
}
