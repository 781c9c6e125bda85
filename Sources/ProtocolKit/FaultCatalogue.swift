package import JSON

/// `protocol/vectors/faults.json`: what goes wrong, how it is brought about, and what the caller is told.
package struct FaultCatalogue: Sendable, Decodable {
  /// The params of the call that meets a fault, by its method. A row may add to them.
  package let calls: [String: JSONValue]
  package let groups: [Group]

  package struct Group: Sendable, Decodable {
    package let group: String
    package let rows: [Row]
  }

  package struct Row: Sendable, Decodable {
    package let what: String
    package let given: JSONValue
    package let call: String
    package let params: JSONValue?
    package let kind: String
    package let retryable: Bool
    package let hint: String
    /// What the message holds, where it says more than the hint.
    package let told: String?
  }
}

extension FaultCatalogue {
  /// What does not fit the kinds and the methods there are.
  func problems(_ errors: ErrorCatalogue, _ methods: [MethodEntry]) -> [String] {
    groups.flatMap(\.rows).compactMap { row in
      guard let kind = errors[row.kind] else { return "\"\(row.what)\": errors.json has no kind \(row.kind)" }
      guard let method = methods.first(where: { $0.name == row.call }), calls[row.call] != nil else {
        return "\"\(row.what)\": there is no call of \(row.call)"
      }
      guard kind.anyMethod == true || method.errors.contains(row.kind) else {
        return "\"\(row.what)\": \(row.call) does not list \(row.kind)"
      }
      guard kind.retryable == .sometimes || kind.retryable == (row.retryable ? .always : .never) else {
        return "\"\(row.what)\": errors.json says another retryable of \(row.kind)"
      }
      return nil
    }
  }
}
