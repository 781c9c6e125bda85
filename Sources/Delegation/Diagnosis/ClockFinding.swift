/// This machine's clock beside that of an identity domain.
enum ClockFinding {
  /// What a date of whole seconds and the way there leave open.
  private static let agreement: Int64 = 60

  /// - Parameters:
  ///   - date: of an answer that came just now.
  ///   - used: what assertions are corrected by.
  static func of(_ date: UnixTime?, at domain: Origin, now: UnixTime, used: DomainClock.Status) -> Finding {
    guard let date else {
      return Finding(.warn, "\(domain.text) answered without a date, so the clocks cannot be compared.")
    }
    let offset = (date.milliseconds - now.milliseconds) / 1000
    guard offset.magnitude > agreement else {
      let correction = used.offsetMs == 0 ? "" : " Assertions are corrected by \(used.offsetMs / 1000) s."
      return Finding(
        .pass,
        "This machine's clock and that of \(domain.text) agree within \(offset.magnitude + 1) s.\(correction)"
      )
    }
    let sentence = "This machine's clock is \(distance(offset)) that of \(domain.text)."
    guard offset.magnitude * 1000 <= UInt64(ClockEvidence.maximumMs) else {
      return Finding(
        .fail,
        sentence,
        hint: "Set this machine's clock (timedatectl, NTP). So far off nothing is signed: the domain would refuse it."
      )
    }
    return Finding(
      .warn,
      sentence,
      hint: used.offsetMs == 0
        ? "Set this machine's clock (timedatectl, NTP). Until then the first calls may be refused, before the "
          + "difference is learnt."
        : "Set this machine's clock (timedatectl, NTP). Until then assertions are corrected by "
          + "\(used.offsetMs / 1000) s."
    )
  }

  /// As somebody reads it who has to set a clock.
  private static func distance(_ seconds: Int64) -> String {
    let amount = seconds.magnitude
    let minutes = (amount + 30) / 60
    let text = amount < 120 ? "\(amount) s" : amount < 7200 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    return "\(text) \(seconds > 0 ? "behind" : "ahead of")"
  }
}
