/// What is wrong with a file of `protocol/`.
package struct ProtocolProblem: Sendable, Hashable, CustomStringConvertible {
  /// Path below `protocol/`.
  package let file: String
  package let problem: String

  package var description: String { "protocol/\(file): \(problem)" }
}

/// Everything that is wrong with `protocol/`, one line each.
package struct ProtocolProblems: Error, CustomStringConvertible {
  package let list: [ProtocolProblem]

  package var description: String { list.map(\.description).joined(separator: "\n") }
}
