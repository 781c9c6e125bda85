package import Delegation
import Dispatch
import Glibc

/// The audit files of a state directory, for readers. Makes nothing and takes no lock.
package actor AuditFiles: AuditArchive {
  private let path: String
  private nonisolated let executor = AuditReaderQueue()
  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(path: String) { self.path = path }

  package func files() throws(FileFailure) -> [AuditFileName] { try AuditDirectory(path)?.files() ?? [] }

  package func size(of file: AuditFileName) throws(FileFailure) -> Int { try open(file).size() }

  package func read(_ file: AuditFileName, at offset: Int, count: Int) throws(FileFailure) -> [UInt8] {
    try open(file).bytes(at: offset, count: count)
  }

  private func open(_ file: AuditFileName) throws(FileFailure) -> AuditFile {
    guard let directory = try AuditDirectory(path) else { throw .system(path, "cannot be opened", error: ENOENT) }
    return try directory.open(file, writing: false)
  }
}

/// Runs the reader's jobs away from the cooperative pool.
private final class AuditReaderQueue: SerialExecutor {
  private let queue = DispatchQueue(label: "onbehalf.audit-reader")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
