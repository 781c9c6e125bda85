/// The methods that are sent to a server, and what RFC 9110 section 9 says of each.
package enum RequestMethod: String, Codable, Sendable, CaseIterable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"

  /// Safe (section 9.2.1): it asks for no change.
  package var onlyReads: Bool { self == .get || self == .head }

  /// Idempotent (section 9.2.2): sent twice it asks for no more than sent once.
  package var isIdempotent: Bool { self != .post && self != .patch }
}
