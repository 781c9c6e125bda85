/// An access token that is the user. Its text is a credential: it has no `description` and is never logged.
package struct AccessToken: Sendable {
  package let text: String
  package let scope: String
  package let subject: String
  /// By our clock: when the answer came plus its `expires_in`.
  package let expiresAt: UnixTime

  package init(text: String, scope: String, subject: String, expiresAt: UnixTime) {
    self.text = text
    self.scope = scope
    self.subject = subject
    self.expiresAt = expiresAt
  }

  func lives(atLeast seconds: Int, after now: UnixTime) -> Bool { now.advanced(bySeconds: Int64(seconds)) < expiresAt }
}

/// Who asks for a token: either we assert the user, or the user's own ID token does.
package enum UserGrant: Sendable {
  case subject(Subject)
  /// The ID token of the same identity domain, and the subject it names.
  case userToken(String, Subject)

  package var subject: Subject {
    switch self {
    case .subject(let subject), .userToken(_, let subject): subject
    }
  }
}
