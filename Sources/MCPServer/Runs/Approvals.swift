import Delegation
import Synchronization

/// Approvals that a host has been asked for and that are still open.
///
/// What the host carries in between, where it answers with a call of its own, is a number that nobody can guess, good for
/// one run, one question, one answer and a quarter of an hour: neither a model nor a host can make one, or use one for
/// something else.
final class Approvals: Sendable {
  struct Open: Sendable, Equatable {
    let jobId: String
    /// What the person was shown.
    let question: ApprovalQuestion
    fileprivate let until: ContinuousClock.Instant
  }

  static let lifetime: Duration = .seconds(900)

  private let limit: Int
  private let clock: any MonotonicClock
  private let random: any Randomness
  private let open = Mutex<[String: Open]>([:])
  /// The runs of which a form is before a person.
  private let shown = Mutex<Set<String>>([])

  init(limit: Int = 1000, clock: any MonotonicClock, random: any Randomness) {
    self.limit = limit
    self.clock = clock
    self.random = random
  }

  /// - Returns: the state to be given back with the answer.
  func ask(jobId: String, question: ApprovalQuestion) -> String {
    let state = Base64.encode(random.bytes(32), as: .url)
    let now = clock.now
    open.withLock { open in
      open = open.filter { $0.value.until > now }
      if open.count >= limit, let oldest = open.min(by: { $0.value.until < $1.value.until }) { open[oldest.key] = nil }
      open[state] = Open(jobId: jobId, question: question, until: now + Self.lifetime)
    }
    return state
  }

  /// The approval that was asked for, once; nil for a state that is old, was used, or is none of ours.
  func take(_ state: String) -> Open? {
    let found = open.withLock { $0.removeValue(forKey: state) }
    return found.flatMap { $0.until > clock.now ? $0 : nil }
  }

  /// Lets one form at a time be shown for a run. False when there is one already; else it ends with `endForm`.
  func beginForm(jobId: String) -> Bool { shown.withLock { $0.insert(jobId).inserted } }

  func endForm(jobId: String) { _ = shown.withLock { $0.remove(jobId) } }
}
