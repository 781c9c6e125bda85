package import Delegation
import Glibc
import Synchronization

/// Where an audit chain is kept.
package struct AuditPlace: Sendable {
  package let path: String
  /// How many missing directories the first row makes, mode 0700.
  package let createdDirectories: Int
  /// A file of this size is followed by the next one.
  package var maximumFileBytes = 16 << 20
  /// The socket that syslog(3) writes to.
  package var syslog = "/dev/log"
  /// How long a row waits for the lock and its turn at most.
  package var patience: Duration = .seconds(5)

  package init(path: String, createdDirectories: Int = 1) {
    self.path = path
    self.createdDirectories = createdDirectories
  }
}

/// The audit chain of a state directory, written by one thread of this process.
///
/// - Nothing is touched before the first row; then a thread begins that takes what has come in, locks, writes all of it
///   at once and resumes those who wait.
/// - Written rows are made durable half a second after the first of them.
/// - The head goes to syslog when a file is full, every hour and at the end.
package final class AuditLog: AuditSink {
  private struct State {
    var queue: [PendingRow] = []
    var lost = 0
    /// They wait for one round of the thread.
    var watchers: [CheckedContinuation<Void, Never>] = []
    var thread = Thread.notStarted
    var isAsleep = false
    /// Set when the end has begun: until then what is left may be written.
    var endBy: ContinuousClock.Instant?
  }

  private enum Thread {
    case notStarted
    case running
    case ended
  }

  package let path: String
  private let patience: Duration
  private let makeWriter: @Sendable () -> AuditWriter
  private let bell = AuditBell()
  private let ended = AuditBell()
  private let state = Mutex(State())

  /// How long before its deadline a call is told, and the end is given up.
  private static let margin: Duration = .milliseconds(50)
  /// More rows that nobody waits for are counted and dropped.
  static let maximumWaiting = 10_000

  /// - Parameter report: for the process's log; says once that rows cannot be written, and once that they can again.
  package init(
    _ place: AuditPlace,
    host: any HostIdentity,
    digests: any Digests,
    wallClock: any WallClock,
    report: @escaping @Sendable (String) -> Void
  ) {
    path = place.path
    patience = place.patience
    makeWriter = { AuditWriter(place, host: host, digests: digests, wallClock: wallClock, report: report) }
  }

  package func write(_ row: AuditRow, deadline: ContinuousClock.Instant) async throws(FileFailure) {
    let giveUp = min(deadline.advanced(by: .zero - Self.margin), .now + patience)
    let failure = await withCheckedContinuation { continuation in
      if let refusal = enqueue(PendingRow(row: row, giveUp: giveUp, waiter: continuation)) {
        continuation.resume(returning: refusal)
      }
    }
    if let failure { throw failure }
  }

  package func add(_ row: AuditRow) {
    _ = enqueue(PendingRow(row: row, giveUp: .now + patience, waiter: nil))
  }

  package func settle() async {
    await withCheckedContinuation { continuation in
      let (isOver, mustRing) = state.withLock { state -> (Bool, Bool) in
        guard state.thread == .running else { return (true, false) }
        state.watchers.append(continuation)
        defer { state.isAsleep = false }
        return (false, state.isAsleep)
      }
      if isOver { continuation.resume() }
      if mustRing { bell.ring() }
    }
  }

  /// Writes what is left, makes it durable and tells syslog. Blocks for that long at most; later rows are refused.
  package func close(withinMilliseconds time: Int32) {
    let isRunning = state.withLock { state in
      state.endBy = .now + .milliseconds(time) - Self.margin
      defer { if state.thread == .notStarted { state.thread = .ended } }
      return state.thread == .running
    }
    guard isRunning else { return }
    bell.ring()
    ended.wait(milliseconds: time)
  }

  private func enqueue(_ pending: PendingRow) -> FileFailure? {
    let (refusal, mustRing) = state.withLock { state -> (FileFailure?, Bool) in
      if state.thread == .notStarted { state.thread = start() ? .running : .notStarted }
      guard state.thread == .running else {
        return (.system(found: "the thread of the audit does not run: this process is ending or has too many"), false)
      }
      if pending.waiter == nil, state.queue.count >= Self.maximumWaiting {
        state.lost += 1
      } else {
        state.queue.append(pending)
      }
      defer { state.isAsleep = false }
      return (nil, state.isAsleep)
    }
    if mustRing { bell.ring() }
    return refusal
  }

  private func start() -> Bool {
    AuditThread.start("audit") { [self] in
      let writer = makeWriter()
      while true {
        let (arrivals, lost, endBy) = takeArrivals(wakingAt: writer.nextDue)
        let watchers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
          // What has come in since belongs to the next round, and so do they.
          guard state.queue.isEmpty else { return [] }
          defer { state.watchers = [] }
          return state.watchers
        }
        writer.work(arrivals, lost: lost, endBy: endBy)
        for watcher in watchers { watcher.resume() }
        guard endBy != nil else { continue }
        let late = state.withLock { state in
          state.thread = .ended
          defer { (state.queue, state.watchers) = ([], []) }
          return (rows: state.queue, watchers: state.watchers)
        }
        for watcher in late.watchers { watcher.resume() }
        for row in late.rows { row.waiter?.resume(returning: .system(found: "this process is ending")) }
        ended.ring()
        return
      }
    }
  }

  /// Waits for rows, for the end or for the time.
  private func takeArrivals(wakingAt due: ContinuousClock.Instant?) -> (
    [PendingRow], lost: Int, endBy: ContinuousClock.Instant?
  ) {
    while true {
      let taken = state.withLock { state -> ([PendingRow], Int, ContinuousClock.Instant?)? in
        let isDue = due.map { $0 <= .now } ?? false
        guard !state.queue.isEmpty || !state.watchers.isEmpty || state.endBy != nil || isDue else {
          state.isAsleep = true
          return nil
        }
        state.isAsleep = false
        defer {
          state.queue = []
          state.lost = 0
        }
        return (state.queue, state.lost, state.endBy)
      }
      if let taken { return taken }
      bell.wait(until: due)
    }
  }
}

/// A row on its way, and who waits for it.
struct PendingRow {
  let row: AuditRow
  /// Until then the lock is waited for.
  let giveUp: ContinuousClock.Instant
  let waiter: CheckedContinuation<FileFailure?, Never>?
}
