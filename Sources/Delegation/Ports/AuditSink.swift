/// Where audit rows go: one chain, shared with every other sidecar of the state directory.
package protocol AuditSink: Sendable {
  /// Where it is, for people.
  var path: String { get }

  /// Returns once the row is in the kernel, behind every row given before: whatever happens to this process, it stays.
  ///
  /// - Throws: before `deadline` when the row could not be written. Then it stands nowhere whole.
  func write(_ row: AuditRow, deadline: ContinuousClock.Instant) async throws(FileFailure)

  /// Takes a row that nobody waits for.
  ///
  /// One that cannot be written is kept and goes before every later row; what there is no room for is counted, and a row
  /// says how many were lost.
  func add(_ row: AuditRow)

  /// Returns when the rows given before have been written, or could not be.
  func settle() async
}

/// The audit files, for those who read them. Other sidecars append meanwhile; what is there never changes.
package protocol AuditArchive: Sendable {
  /// Oldest first.
  func files() async throws(FileFailure) -> [AuditFileName]

  /// The bytes of a file from `offset`, at most `count`; fewer only at its end. Reads off the pool's threads.
  func read(_ file: AuditFileName, at offset: Int, count: Int) async throws(FileFailure) -> [UInt8]

  func size(of file: AuditFileName) async throws(FileFailure) -> Int
}

/// `audit-000001.jsonl`, and so on: numbered without gaps, never renamed.
package struct AuditFileName: Sendable, Hashable, Comparable {
  package let number: Int

  package init(number: Int) { self.number = number }

  /// Reads exactly what `text` writes.
  package init?(_ text: some StringProtocol) {
    let prefix = "audit-"
    let suffix = ".jsonl"
    guard text.hasPrefix(prefix), text.hasSuffix(suffix), text.utf8.count <= 24,
      let number = Int(text.dropFirst(prefix.count).dropLast(suffix.count)), number > 0,
      AuditFileName(number: number).text.utf8.elementsEqual(text.utf8)
    else { return nil }
    self.number = number
  }

  package var text: String {
    let digits = String(number)
    return "audit-\(String(repeating: "0", count: max(0, 6 - digits.utf8.count)))\(digits).jsonl"
  }

  package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// The process that this one serves: who started it.
package protocol HostIdentity: Sendable {
  /// What is known of it. Blocks for a few reads of `/proc`; to be asked once.
  func read() -> HostProcess
}

package struct HostProcess: Sendable, Equatable {
  package struct Process: Sendable, Equatable {
    package let pid: Int32
    /// The path of what it runs, or `[name]` when that may not be read; nil when the process has gone.
    package let executable: String?

    package init(pid: Int32, executable: String?) {
      self.pid = pid
      self.executable = executable
    }
  }

  package let process: Process
  /// Who started the host.
  package let parent: Process?
  /// This process.
  package let sidecar: Int32

  package init(process: Process, parent: Process?, sidecar: Int32) {
    self.process = process
    self.parent = parent
    self.sidecar = sidecar
  }
}
