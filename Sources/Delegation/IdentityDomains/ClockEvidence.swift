/// What the answers of an identity domain have shown of its clock. Pure: time comes in with what is asked of it.
///
/// One answer shows nothing, for a date may be wrong. Two do that agree, and so does a refusal that is explained by the
/// dates of what was signed. What is shown is held by the monotonic clock, so it outlives a jump of this machine's.
package struct ClockEvidence: Sendable {
  /// What follows for the assertions of now.
  package enum Judgement: Sendable, Equatable {
    /// Nothing is shown yet, or this machine's clocks have moved apart so far since that it counts no more.
    case unknown
    /// So near that it is ignored.
    case agrees(offsetMs: Int64)
    case corrected(offsetMs: Int64)
    /// Farther than is corrected, so nothing is signed for that long.
    case tooFar(offsetMs: Int64, left: Duration)
  }

  /// Two answers agree when they differ less, and a clock that is off by less is not corrected.
  static let ignoredMs: Int64 = 5000
  package static let maximumMs: Int64 = 30 * 60_000
  /// How long it is believed that a clock is too far off. Then one call learns anew.
  static let longestRefusal: Duration = .seconds(10)

  /// By the last answer that came promptly.
  private(set) var last: DatedAnswer?
  private var shown: DatedAnswer?

  package init() {}

  /// Takes the date of any answer.
  package mutating func hear(_ answer: DatedAnswer) {
    guard answer.isPrompt else { return }
    if let last, answer.domain.ahead(of: last.domain).magnitude < Self.ignoredMs { shown = answer }
    last = answer
  }

  /// Takes the date of a refusal that contradicts what was signed, as the truth at once.
  package mutating func believe(_ answer: DatedAnswer) {
    shown = answer
    last = answer
  }

  package func judge(_ machine: ClockSetting) -> Judgement {
    guard let shown else { return .unknown }
    let offset = shown.domain.ahead(of: machine)
    if offset.magnitude < Self.ignoredMs { return .agrees(offsetMs: offset) }
    if offset.magnitude <= Self.maximumMs { return .corrected(offsetMs: offset) }
    let left = Self.longestRefusal - (machine.instant - shown.domain.instant)
    let wasSo = shown.offsetMs.magnitude > Self.maximumMs
    return wasSo && left > .zero ? .tooFar(offsetMs: offset, left: left) : .unknown
  }
}
