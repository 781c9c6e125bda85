package import Delegation
import Glibc

/// A file of this machine that nobody but root and we can have written.
///
/// - Reading needs no lock: a replacement is one rename, so a reader sees the old content or the new one, whole.
/// - Replacing goes to where the links lead and keeps the links. The lock is `PATH.lock` beside the real file.
/// - A writer that is killed leaves the old content and perhaps `.NAME.new`, which the next writer removes.
package struct LocalFile: GuardedFile {
  package enum Mode: Sendable {
    /// Refused when group or others may read it; `OwnershipRules` has the exceptions.
    case `private`
    case readableByOthers
  }

  package let path: String
  private let maximumBytes: Int
  private let mode: Mode
  private let createdDirectories: Int
  private static let attempts = 4

  /// - Parameter createdDirectories: how many directories above the file a first write may make, mode 0700.
  package init(path: String, maximumBytes: Int, mode: Mode, createdDirectories: Int = 1) {
    self.path = path
    self.maximumBytes = maximumBytes
    self.mode = mode
    self.createdDirectories = createdDirectories
  }

  package func read(deadline: ContinuousClock.Instant) throws(FileFailure) -> GuardedContent? {
    guard let file = try open() else { return nil }
    return try content(of: file)
  }

  /// One `stat`, without the checks that `read` makes.
  ///
  /// A change in place that keeps the size within one tick of the file system's clock is not seen; a replacement is.
  package func stamp() throws(FileFailure) -> FileStamp? {
    var status = stat()
    if stat(path, &status) == 0 { return FileStamp(of: status) }
    guard errno == ENOENT || errno == ENOTDIR else { throw .system(path, "cannot be looked at") }
    return nil
  }

  package func update(
    deadline: ContinuousClock.Instant,
    _ change: ([UInt8]?) throws(FileFailure) -> [UInt8]?
  ) throws(FileFailure) {
    let rules = OwnershipRules()
    guard let arrival = try PathWalk(rules: rules).arrive(at: path, creatingDirectories: createdDirectories) else {
      throw .system(path, "cannot be created", error: ENOENT)
    }
    let lock = try FileLock(at: arrival, deadline: deadline)
    let before: [UInt8]?
    if let file = try CheckedFile.open(at: arrival, rules: rules, mode: mode) {
      before = try content(of: file).bytes
    } else {
      before = nil
    }
    guard let after = try change(before) else { return }
    guard after.count <= maximumBytes else { throw .tooLarge(limit: maximumBytes) }
    try AtomicReplacement.replace(arrival, with: after)
    lock.release()
  }

  /// The file, open and checked; nil when there is none.
  func open() throws(FileFailure) -> CheckedFile? {
    // kubelet exchanges `..data`, then removes the old tree: a walk that was in it starts again.
    for _ in 1..<Self.attempts {
      do {
        return try openOnce()
      } catch .system {
        continue
      }
    }
    return try openOnce()
  }

  private func openOnce() throws(FileFailure) -> CheckedFile? {
    let rules = OwnershipRules()
    guard let arrival = try PathWalk(rules: rules).arrive(at: path) else { return nil }
    if let file = try CheckedFile.open(at: arrival, rules: rules, mode: mode) { return file }
    guard arrival.isMissing else { throw .system(arrival.path, "cannot be opened", error: ENOENT) }
    return nil
  }

  private func content(of file: borrowing CheckedFile) throws(FileFailure) -> GuardedContent {
    GuardedContent(bytes: try file.contents(limit: maximumBytes), stamp: FileStamp(of: file.status))
  }
}

extension FileStamp {
  fileprivate init(of status: stat) {
    self.init(fields: [
      Int64(truncatingIfNeeded: status.st_dev),
      Int64(truncatingIfNeeded: status.st_ino),
      Int64(status.st_size),
      Int64(status.st_mtim.tv_sec),
      Int64(status.st_mtim.tv_nsec),
      Int64(status.st_ctim.tv_sec),
      Int64(status.st_ctim.tv_nsec),
    ])
  }
}
