/// Why a JSON value is not the one a type describes.
package struct JSONDecodingError: Error, Hashable {
  package let kind: Kind
  /// Where it is, as `profile.policy.subjects[0]`; empty for the value as a whole.
  package let path: String
  /// What was expected and what was found, without what the value says.
  package let problem: String

  package enum Kind: Sendable, Hashable {
    /// The text is no JSON.
    case malformed
    /// A required member is absent.
    case missing
    /// Null stands where a value is required.
    case null
    /// A value of another kind: a number for a string, `1.0` for a whole number.
    case mistyped
    /// A number that the type cannot hold.
    case outOfRange
    /// A member the type does not know.
    case unknown
    /// A member name that occurs twice.
    case duplicate
    /// A value the type refuses for reasons of its own.
    case invalid
  }

  package init(_ kind: Kind, path: String, problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }
}

extension JSONDecodingError: CustomStringConvertible {
  package var description: String { path.isEmpty ? problem : "\(path): \(problem)" }
}
