/// What one check of `diagnose` found.
package struct Check: Sendable, Equatable, Encodable {
  package enum Status: String, Encodable, Sendable {
    case pass
    case warn
    case fail
    /// Not tried: something it needs failed or was not given.
    case skip
  }

  /// Stable names, in the order in which they are made.
  package enum ID: String, Encodable, Sendable {
    case configuration
    case store
    case key
    case certificate
    case clock
    case client
    case token
  }

  package let id: ID
  package let status: Status
  package let summary: String
  package let hint: String?
  package let elapsedMs: Int
}
