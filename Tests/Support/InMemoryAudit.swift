package import Delegation
import Synchronization

/// An audit without a file system: one file in memory, chained as on disk. It can be told to fail.
package final class InMemoryAudit: AuditSink, AuditArchive {
  package let path = "/state"

  private struct State {
    var lines: [[UInt8]] = []
    var head = AuditHead.genesis
    var failure: FileFailure?
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let digests: any Digests
  private let state = Mutex(State())
  private static let host = HostProcess(
    process: HostProcess.Process(pid: 100, executable: "/usr/bin/backend"),
    parent: HostProcess.Process(pid: 1, executable: "/sbin/init"),
    sidecar: 101
  )

  package init(digests: any Digests = FoldedDigests()) { self.digests = digests }

  /// What every `write` throws from now on; rows that nobody waits for are still taken.
  package var failure: FileFailure? {
    get { state.withLock { $0.failure } }
    set { state.withLock { $0.failure = newValue } }
  }

  /// The rows as JSON text, in order.
  package var rows: [String] { state.withLock { $0.lines.map { String(decoding: $0, as: UTF8.self) } } }

  /// Returns as soon as that many rows are there.
  package func rows(atLeast count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        guard state.lines.count < count else { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  package func write(_ row: AuditRow, deadline: ContinuousClock.Instant) async throws(FileFailure) {
    if let failure { throw failure }
    add(row)
  }

  package func add(_ row: AuditRow) {
    let watchers = state.withLock { state in
      let line = AuditLine.text(row, origin: AuditRow.origin(Self.host), after: state.head)
      state.head = AuditHead(
        sequence: state.head.sequence + 1,
        hash: Hexadecimal.encode(digests.sha256(line))
      )
      state.lines.append(line)
      let count = state.lines.count
      defer { state.watchers.removeAll { $0.count <= count } }
      return state.watchers.filter { $0.count <= count }.map(\.continuation)
    }
    for watcher in watchers { watcher.resume() }
  }

  package func settle() async {}

  package func files() async throws(FileFailure) -> [AuditFileName] {
    rows.isEmpty ? [] : [AuditFileName(number: 1)]
  }

  package func size(of file: AuditFileName) async throws(FileFailure) -> Int { content.count }

  package func read(_ file: AuditFileName, at offset: Int, count: Int) async throws(FileFailure) -> [UInt8] {
    Array(content.dropFirst(offset).prefix(count))
  }

  private var content: [UInt8] { state.withLock { $0.lines.flatMap { $0 + [UInt8(ascii: "\n")] } } }
}
