/// `Double`, `Float` and their like.
typealias JSONFloatingPoint = BinaryFloatingPoint & LosslessStringConvertible & Codable

/// Scalars as Swift types; `path` is where the element stands, for the error.
extension JSONElement {
  func boolean(_ path: @autoclosure () -> JSONPath?) throws(JSONDecodingError) -> Bool {
    guard let bool else { throw .mismatch(self, expected: "true or false", path: path()) }
    return bool
  }

  func text(_ path: @autoclosure () -> JSONPath?) throws(JSONDecodingError) -> String {
    guard let string else { throw .mismatch(self, expected: "a string", path: path()) }
    return string
  }

  func floating<Number: JSONFloatingPoint>(
    _ path: @autoclosure () -> JSONPath?
  ) throws(JSONDecodingError) -> Number {
    guard let text = number?.text else { throw .mismatch(self, expected: "a number", path: path()) }
    guard let number = Number(text), number.isFinite else {
      throw JSONDecodingError(
        .outOfRange,
        path: JSONPath.text(path()),
        problem: "the number is too large for a \(Number.self)"
      )
    }
    return number
  }

  func integer<Number: FixedWidthInteger>(
    _ path: @autoclosure () -> JSONPath?
  ) throws(JSONDecodingError) -> Number {
    guard let text = number?.text else { throw .mismatch(self, expected: "a whole number", path: path()) }
    if let number = Number(text) { return number }
    guard text.utf8.allSatisfy({ $0 == ASCII.minus || (ASCII.zero...ASCII.nine).contains($0) }) else {
      throw JSONDecodingError(
        .mistyped,
        path: JSONPath.text(path()),
        problem: "expected a whole number, written without fraction or exponent"
      )
    }
    throw JSONDecodingError(
      .outOfRange,
      path: JSONPath.text(path()),
      problem: "expected a whole number from \(Number.min) to \(Number.max)"
    )
  }
}

extension JSONDecodingError {
  static func mismatch(_ found: JSONElement, expected: String, path: JSONPath?) -> JSONDecodingError {
    JSONDecodingError(
      found.isNull ? .null : .mistyped,
      path: JSONPath.text(path),
      problem: "expected \(expected), found \(found.kind.name)"
    )
  }

  /// Takes over what a type's own `init(from:)` has thrown. What the standard library says about a raw value quotes it,
  /// so that is said anew.
  init<Value>(_ error: DecodingError, reading type: Value.Type) {
    switch error {
    case .dataCorrupted(let context):
      let problem = type is any RawRepresentable.Type ? acceptedValues(of: type) : context.debugDescription
      self.init(.invalid, path: JSONPath.text(context.codingPath), problem: problem)
    case .keyNotFound(let key, let context):
      self.init(.missing, path: JSONPath.text(context.codingPath + [key]), problem: "the required field is missing")
    case .typeMismatch(_, let context):
      self.init(.mistyped, path: JSONPath.text(context.codingPath), problem: context.debugDescription)
    case .valueNotFound(_, let context):
      self.init(.null, path: JSONPath.text(context.codingPath), problem: "expected a value, found null")
    @unknown default:
      self.init(.invalid, path: "", problem: "the value is refused")
    }
  }
}

/// "expected one of …" for an enum that lists its cases.
private func acceptedValues<Value>(of type: Value.Type) -> String {
  func names<Cases: CaseIterable>(_ cases: Cases.Type) -> [String] {
    cases.allCases.compactMap { ($0 as? any RawRepresentable).map { "\"\($0.rawValue)\"" } }
  }
  guard let listed = type as? any CaseIterable.Type else { return "the value is not one of those accepted" }
  return "expected one of " + names(listed).joined(separator: ", ")
}

extension JSONElement.Kind {
  fileprivate var name: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
