import Delegation
import Glibc

/// Appends rows to the chain of a state directory, beside others who do the same. For one thread.
///
/// Under the lock nobody else writes. What a file holds is learnt anew whenever it is not as this writer left it; after
/// a failure nothing is taken as known.
final class AuditAppender {
  struct Outcome {
    /// How many of the rows, from the first, are in the kernel.
    var count = 0
    var failure: FileFailure?
    /// The last row of a file that will not grow any more.
    var completed: (file: AuditFileName, head: AuditHead)?
  }

  private struct Known {
    let file: AuditFile
    /// Nil while the file has no row.
    var head: AuditHead
    var size: Int
    /// What has to stand before the next row: a line feed, rows of the chain's own.
    var needsLineFeed = false
    var leading: [AuditRow] = []
  }

  private let path: String
  private let createdDirectories: Int
  private let maximumFileBytes: Int
  private let digests: any Digests
  private let wallClock: any WallClock
  private let origin: [UInt8]
  private var directory: AuditDirectory?
  private var known: Known?

  init(_ place: AuditPlace, digests: any Digests, wallClock: any WallClock, origin: [UInt8]) {
    path = place.path
    createdDirectories = place.createdDirectories
    maximumFileBytes = place.maximumFileBytes
    self.digests = digests
    self.wallClock = wallClock
    self.origin = origin
  }

  /// The newest row this writer knows of.
  var head: (file: AuditFileName, head: AuditHead)? { known.map { ($0.file.name, $0.head) } }

  /// Writes all rows in one write(2). The lock is waited for until `deadline`.
  func append(_ rows: [AuditRow], deadline: ContinuousClock.Instant) -> Outcome {
    let isFirstLook = directory == nil
    var outcome = appendOnce(rows, deadline)
    // The directory may have been moved away since it was walked.
    if case .system = outcome.failure, !isFirstLook, outcome.count == 0 { outcome = appendOnce(rows, deadline) }
    return outcome
  }

  /// Makes what was written outlast a power cut.
  func synchronise() throws(FileFailure) {
    guard let file = known?.file else { return }
    guard fdatasync(file.descriptor.number) == 0 else { throw .system(file.path, "cannot be written") }
  }

  private func appendOnce(_ rows: [AuditRow], _ deadline: ContinuousClock.Instant) -> Outcome {
    var outcome = Outcome()
    // Somebody may have moved the file, or the whole directory, away.
    if let known, !known.file.isInPlace { forget(nil) }
    do throws(FileFailure) {
      let directory = try openDirectory()
      let lock = try directory.lock(deadline: deadline)
      var current = try look(into: directory)
      if current.size >= maximumFileBytes {
        outcome.completed = (current.file.name, current.head)
        current = try rotate(current, in: directory)
      }
      outcome.count = try write(rows, to: &current)
      known = current
      lock.release()
    } catch {
      outcome.failure = error
      forget(error)
    }
    if outcome.failure == nil, outcome.count < rows.count {
      outcome.failure = .system(found: "\(quoted(path)) took only a part of the rows; is the disk full?")
      forget(nil)
    }
    return outcome
  }

  private func forget(_ failure: FileFailure?) {
    known = nil
    if case .lockTimedOut = failure { return }
    directory = nil
  }

  private func openDirectory() throws(FileFailure) -> AuditDirectory {
    if let directory { return directory }
    guard let opened = try AuditDirectory(path, creating: createdDirectories) else {
      throw .system(path, "cannot be created", error: ENOENT)
    }
    directory = opened
    return opened
  }

  /// The newest file as it is now.
  private func look(into directory: AuditDirectory) throws(FileFailure) -> Known {
    if let known, known.file.isInPlace, !directory.has(known.file.name.next) {
      if try known.file.size() == known.size { return known }
      return try learn(known.file, in: directory)
    }
    guard let newest = try directory.files().last else {
      return Known(file: try directory.create(AuditFileName(number: 1)), head: .genesis, size: 0)
    }
    return try learn(try directory.open(newest, writing: true), in: directory)
  }

  private func learn(_ file: AuditFile, in directory: AuditDirectory) throws(FileFailure) -> Known {
    let tail = try AuditTail(of: file)
    var known = Known(file: file, head: .genesis, size: try file.size(), needsLineFeed: !tail.endsInLineFeed)
    if let row = tail.row {
      known.head = try head(of: row, in: file)
    } else if file.name.number > 1 {
      known.head = try lastHead(before: file, in: directory)
    }
    if let stray = tail.stray {
      known.leading.append(.recovered(stray, sha256: digests.sha256(stray), at: wallClock.now()))
    }
    if tail.row == nil, file.name.number > 1 {
      known.leading.append(.rotated(from: file.name.previous, at: wallClock.now()))
    }
    return known
  }

  private func head(of row: [UInt8], in file: AuditFile) throws(FileFailure) -> AuditHead {
    guard let line = AuditLine(row[...]) else { throw .system(found: "\(quoted(file.path)) holds no row") }
    return AuditHead(sequence: line.sequence, hash: Hexadecimal.encode(digests.sha256(row)))
  }

  private func lastHead(before file: AuditFile, in directory: AuditDirectory) throws(FileFailure) -> AuditHead {
    let previous = try directory.open(file.name.previous, writing: false)
    guard let row = try AuditTail(of: previous).row else {
      throw .system(found: "\(quoted(previous.path)) holds no row to go on from. Move the audit files away")
    }
    return try head(of: row, in: previous)
  }

  private func rotate(_ full: Known, in directory: AuditDirectory) throws(FileFailure) -> Known {
    guard fdatasync(full.file.descriptor.number) == 0 else { throw .system(full.file.path, "cannot be written") }
    var next = Known(file: try directory.create(full.file.name.next), head: full.head, size: 0)
    next.leading = [.rotated(from: full.file.name, at: wallClock.now())]
    return next
  }

  /// Returns how many of `rows` the kernel has taken whole.
  private func write(_ rows: [AuditRow], to current: inout Known) throws(FileFailure) -> Int {
    var bytes: [UInt8] = current.needsLineFeed ? [UInt8(ascii: "\n")] : []
    var ends: [Int] = []
    var head = current.head
    for row in current.leading + rows {
      let line = AuditLine.text(row, origin: origin, after: head)
      head = AuditHead(sequence: head.sequence + 1, hash: Hexadecimal.encode(digests.sha256(line)))
      bytes += line
      bytes.append(UInt8(ascii: "\n"))
      ends.append(bytes.count)
    }
    let count = bytes.withUnsafeBytes { Glibc.write(current.file.descriptor.number, $0.baseAddress, $0.count) }
    guard count >= 0 else { throw .system(current.file.path, "cannot be written") }
    let whole = ends.prefix { $0 <= count }.count - current.leading.count
    current = Known(file: current.file, head: head, size: current.size + count)
    return max(0, whole)
  }
}

extension AuditFileName {
  var next: AuditFileName { AuditFileName(number: number + 1) }
  var previous: AuditFileName { AuditFileName(number: number - 1) }
}
