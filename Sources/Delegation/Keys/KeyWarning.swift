/// What should be seen to about a key that works.
package struct KeyWarning: Sendable, Equatable, Encodable {
  /// Stable names.
  package enum Kind: String, Encodable, Sendable {
    case certificateNotYetValid = "certificate_not_yet_valid"
    /// It ends within 30 days.
    case certificateEnding = "certificate_ending"
    case certificateEnded = "certificate_ended"
    case keyPending = "key_pending"
    case keyRetired = "key_retired"
  }

  package let kind: Kind
  package let message: String
  package let hint: String

  /// All there is to say. The dates of a retired key are of no concern any more.
  package static func all(of key: OpenKey, at now: UnixTime) -> [KeyWarning] {
    let stage = stage(of: key.item)
    if case .retired = key.item.stage { return [stage].compactMap(\.self) }
    return [dates(of: key.certificate, at: now), stage].compactMap(\.self)
  }

  /// Of the certificate's dates, one at most.
  package static func dates(of certificate: Certificate, at now: UnixTime) -> KeyWarning? {
    if certificate.notBefore > now {
      return KeyWarning(
        kind: .certificateNotYetValid,
        message: "The certificate begins at \(certificate.notBefore.rfc3339).",
        hint: "Set this machine's clock, or wait."
      )
    }
    let hint = "Replace the key with rotateKey. Oracle treats the dates as informational in places; do not rely on it."
    if certificate.notAfter < now {
      return KeyWarning(
        kind: .certificateEnded,
        message: "The certificate ended at \(certificate.notAfter.rfc3339).",
        hint: hint
      )
    }
    guard certificate.notAfter <= now.advanced(bySeconds: noticeDays * 86_400) else { return nil }
    return KeyWarning(
      kind: .certificateEnding,
      message: "The certificate ends at \(certificate.notAfter.rfc3339), in \(certificate.daysLeft(at: now)) days.",
      hint: hint
    )
  }

  /// Of the key's rotation.
  package static func stage(of item: KeyItem) -> KeyWarning? {
    switch item.stage {
    case .current: nil
    case .successor(let alias):
      KeyWarning(
        kind: .keyPending,
        message: "The key \(item.alias) is to succeed \(alias), and profiles do not name it yet.",
        hint: "Go on with rotateKey for \(alias): try, then finish; or abort."
      )
    case .retired(let retirement):
      KeyWarning(
        kind: .keyRetired,
        message: "The key \(item.alias) was retired at \(retirement.at.rfc3339); \(retirement.successor) succeeds it.",
        hint: "When nobody names it any more, remove its certificate from the application and delete it (deleteKey)."
      )
    }
  }

  private static let noticeDays: Int64 = 30
}

extension Certificate {
  /// Whole days until it ends, rounded down: 0 on the last day, less than 0 once it has ended.
  package func daysLeft(at now: UnixTime) -> Int64 {
    let day: Int64 = 86_400_000
    let left = notAfter.milliseconds - now.milliseconds
    return left >= 0 ? left / day : (left + 1) / day - 1
  }
}
