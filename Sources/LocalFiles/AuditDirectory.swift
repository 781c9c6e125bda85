import CLinux
import Delegation
import Glibc

/// The state directory, walked and checked: `audit-NNNNNN.jsonl`, and `audit.lock` that their writers share.
final class AuditDirectory {
  let path: String
  private let arrival: PathWalk.Arrival

  /// Nil when there is no such directory and none is to be made.
  ///
  /// - Parameter creating: how many missing directories are made, mode 0700, the last one included.
  init?(_ path: String, creating: Int = 0) throws(FileFailure) {
    let walk = PathWalk(rules: OwnershipRules())
    guard let arrival = try walk.arrive(at: "\(path)/audit", creatingDirectories: creating) else { return nil }
    self.path = arrival.directoryPath
    self.arrival = arrival
  }

  func lock(deadline: ContinuousClock.Instant) throws(FileFailure) -> FileLock {
    try FileLock(at: arrival, deadline: deadline)
  }

  /// Oldest first; other names are passed over.
  func files() throws(FileFailure) -> [AuditFileName] {
    guard let directory = Descriptor.open(".", in: arrival.directory, O_RDONLY | O_DIRECTORY),
      let stream = fdopendir(fcntl(directory.number, F_DUPFD_CLOEXEC, 0))
    else { throw .system(path, "cannot be opened") }
    defer { closedir(stream) }
    var files: [AuditFileName] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if let file = AuditFileName(name) { files.append(file) }
    }
    return files.sorted()
  }

  func has(_ file: AuditFileName) -> Bool { faccessat(arrival.directory.number, file.text, F_OK, 0) == 0 }

  /// Where the file is, for people and for `stat`.
  func path(of file: AuditFileName) -> String { "\(path)/\(file.text)" }

  func open(_ file: AuditFileName, writing: Bool) throws(FileFailure) -> AuditFile {
    try open(file, (writing ? O_RDWR | O_APPEND : O_RDONLY) | O_NONBLOCK | O_NOCTTY)
  }

  /// An empty file, mode 0600 whatever the umask is, whose name lasts.
  func create(_ file: AuditFileName) throws(FileFailure) -> AuditFile {
    let created = try open(file, O_RDWR | O_APPEND | O_CREAT | O_EXCL)
    guard fchmod(created.descriptor.number, 0o600) == 0 else { throw .system(created.path, "cannot be created") }
    try AtomicReplacement.synchronise(arrival)
    return created
  }

  private func open(_ file: AuditFileName, _ flags: CInt) throws(FileFailure) -> AuditFile {
    let path = path(of: file)
    guard let descriptor = Descriptor.open(file.text, in: arrival.directory, flags, mode: 0o600) else {
      throw .system(path, "cannot be opened")
    }
    guard let status = descriptor.status() else { throw .system(path, "cannot be looked at") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .system(found: "\(quoted(path)) is not a file") }
    if let violation = OwnershipRules().violation(byFile: status, at: path, mode: .private, inMemory: false) {
      throw .unsafe(found: violation.found)
    }
    return AuditFile(name: file, path: path, descriptor: descriptor)
  }
}

/// An open audit file.
final class AuditFile {
  let name: AuditFileName
  let path: String
  let descriptor: Descriptor

  init(name: AuditFileName, path: String, descriptor: consuming Descriptor) {
    self.name = name
    self.path = path
    self.descriptor = descriptor
  }

  func size() throws(FileFailure) -> Int {
    guard let status = descriptor.status() else { throw .system(path, "cannot be looked at") }
    return Int(status.st_size)
  }

  /// Whether its path still leads to it: nobody has moved it or its directory away.
  var isInPlace: Bool {
    var named = stat()
    guard let mine = descriptor.status(), stat(path, &named) == 0 else { return false }
    return named.st_dev == mine.st_dev && named.st_ino == mine.st_ino
  }

  /// The bytes from `offset`, at most `count`; fewer only at the end of the file.
  func bytes(at offset: Int, count: Int) throws(FileFailure) -> [UInt8] {
    var error: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
        let read = pread(descriptor.number, rest.baseAddress, rest.count, off_t(offset + filled))
        if read > 0 {
          filled += read
        } else if read == 0 || errno != EINTR {
          error = read == 0 ? 0 : errno
          return
        }
      }
    }
    guard error == 0 else { throw .system(path, "cannot be read", error: error) }
    return bytes
  }
}
