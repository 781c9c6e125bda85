import Delegation
import Glibc

/// What the audit's thread does: rows to the file, the file to the disk, heads to syslog. For one thread.
final class AuditWriter {
  private let appender: AuditAppender
  private let syslog: SyslogSocket
  private let path: String
  private let wallClock: any WallClock
  private let now: () -> ContinuousClock.Instant
  private let report: @Sendable (String) -> Void

  private var pending: [PendingRow] = []
  private var lost = 0
  private var isFailing = false
  private var retry: ContinuousClock.Instant?
  private var syncDue: ContinuousClock.Instant?
  private var anchorDue: ContinuousClock.Instant?
  private var anchored: AuditHead?

  /// A lock that somebody else holds is given up after this, to look at the clock and at what has come in.
  private static let lockSlice: Duration = .milliseconds(100)
  private static let retryPause: Duration = .seconds(1)
  private static let syncDelay: Duration = .milliseconds(500)
  private static let anchorPause: Duration = .seconds(3600)

  init(
    _ place: AuditPlace,
    host: any HostIdentity,
    digests: any Digests,
    wallClock: any WallClock,
    now: @escaping () -> ContinuousClock.Instant = { .now },
    report: @escaping @Sendable (String) -> Void
  ) {
    appender = AuditAppender(place, digests: digests, wallClock: wallClock, origin: AuditRow.origin(host.read()))
    syslog = SyslogSocket(path: place.syslog)
    path = place.path
    self.wallClock = wallClock
    self.now = now
    self.report = report
  }

  /// When there is something to do even if no row comes.
  var nextDue: ContinuousClock.Instant? { [retry, syncDue, anchorDue].compactMap(\.self).min() }

  /// - Parameter endBy: set in the last round, which waits for the lock until then and gives up what is left.
  func work(_ arrivals: [PendingRow], lost: Int, endBy: ContinuousClock.Instant?) {
    pending += arrivals
    self.lost += lost
    if !pending.isEmpty || self.lost > 0 { append(until: endBy) }
    let isEnding = endBy != nil
    let now = now()
    if isEnding || syncDue.map({ $0 <= now }) ?? false { synchronise() }
    if isEnding || anchorDue.map({ $0 <= now }) ?? false {
      if let head = appender.head { anchor(head.file, head.head, isEnding ? "exit" : "hourly") }
      anchorDue = now + Self.anchorPause
    }
    if isEnding { abandon() }
  }

  private func append(until endBy: ContinuousClock.Instant?) {
    let lostRow = lost > 0 ? [AuditRow.lost(lost, at: wallClock.now())] : []
    let waiting = pending.lazy.filter { $0.waiter != nil }.map(\.giveUp)
    let slice = now() + Self.lockSlice
    let deadline = endBy ?? min(slice, waiting.min() ?? slice)
    let outcome = appender.append(lostRow + pending.map(\.row), deadline: deadline)
    if outcome.count > 0, !lostRow.isEmpty { lost = 0 }
    let written = max(0, outcome.count - lostRow.count)
    for row in pending.prefix(written) { row.waiter?.resume(returning: nil) }
    pending.removeFirst(written)
    if outcome.count > 0 {
      let now = now()
      syncDue = syncDue ?? now + Self.syncDelay
      anchorDue = anchorDue ?? now + Self.anchorPause
    }
    if let completed = outcome.completed { anchor(completed.file, completed.head, "rotation") }
    settle(outcome.failure)
  }

  /// Tells those whose row cannot be written; rows that nobody waits for stay for the next try.
  private func settle(_ failure: FileFailure?) {
    guard let failure else {
      if isFailing { report("audit rows are written again") }
      isFailing = false
      retry = nil
      return
    }
    let now = now()
    var isLocked = false
    if case .lockTimedOut = failure { isLocked = true }
    let isOver = pending.contains { !isLocked || $0.giveUp <= now }
    let stillWaits = pending.contains { isLocked && $0.giveUp > now }
    pending.removeAll { row in
      guard let waiter = row.waiter, !isLocked || row.giveUp <= now else { return false }
      waiter.resume(returning: failure)
      return true
    }
    shed()
    retry = stillWaits ? now : now + Self.retryPause
    if !isFailing, isOver {
      isFailing = true
      report("audit rows cannot be written, so calls that need one are refused: \(failure)")
    }
  }

  /// Nothing grows without bound: the newest rows that nobody waits for are counted and dropped.
  private func shed() {
    let excess = pending.count - AuditLog.maximumWaiting
    guard excess > 0 else { return }
    lost += excess
    pending.removeLast(excess)
  }

  private func synchronise() {
    syncDue = nil
    do { try appender.synchronise() } catch {
      report("audit rows of the last second may not outlast a power cut: \(error)")
    }
  }

  private func anchor(_ file: AuditFileName, _ head: AuditHead, _ occasion: String) {
    guard head.sequence > 0, head != anchored else { return }
    anchored = head
    syslog.send("audit head \(head.text) of \(quoted("\(path)/\(file.text)")) (\(occasion))", at: wallClock.now())
  }

  private func abandon() {
    for row in pending { row.waiter?.resume(returning: .system(found: "this process is ending")) }
    let count = lost + pending.count { $0.waiter == nil }
    if count > 0 { report("\(count) audit rows could not be written and are lost") }
    pending = []
  }
}
