/// An access token that is the user. Its text is a credential: it has no `description` and is never logged.
package struct AccessToken: Sendable {
  package let text: String
  package let scope: String
  package let subject: String
  /// How long it lives, from when it came.
  package let lifeSeconds: Int64
  /// Our clocks when it came.
  private let came: ClockSetting

  package init(text: String, scope: String, subject: String, lifeSeconds: Int64, came: ClockSetting) {
    self.text = text
    self.scope = scope
    self.subject = subject
    self.lifeSeconds = lifeSeconds
    self.came = came
  }

  /// By the clock on the wall as it was set when the token came.
  package var expiresAt: UnixTime { came.time.advanced(bySeconds: lifeSeconds) }

  /// Milliseconds left of its life; none, or fewer, when it has ended.
  ///
  /// It lives only while both clocks say so. A wall clock that is set back keeps no dead token alive, and neither does
  /// a virtual machine that was paused, in which the monotonic clock stood still.
  func left(at now: ClockSetting) -> Int64 {
    min(expiresAt.milliseconds - now.time.milliseconds, leftByInstant(now))
  }

  /// Its end by the clock on the wall as it is set now.
  func end(at now: ClockSetting) -> UnixTime {
    let shifted = UnixTime(milliseconds: now.time.milliseconds + leftByInstant(now))
    // Less is no jump: two answers for one token are to say the same.
    return expiresAt.milliseconds - shifted.milliseconds > 1000 ? shifted : expiresAt
  }

  private func leftByInstant(_ now: ClockSetting) -> Int64 {
    lifeSeconds * 1000 - Int64((now.instant - came.instant).milliseconds)
  }
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
