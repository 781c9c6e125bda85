import CLinux
import Delegation
import Glibc

/// A regular file, open for reading, that the rules have accepted.
struct CheckedFile: ~Copyable {
  let status: stat
  private let descriptor: Descriptor
  private let path: String

  /// Opens the file a walk arrived at; nil when there is none.
  ///
  /// The rules are asked about what was opened, not about what the walk saw.
  static func open(
    at arrival: borrowing PathWalk.Arrival,
    rules: OwnershipRules,
    mode: LocalFile.Mode
  ) throws(FileFailure) -> CheckedFile? {
    let path = arrival.path
    // O_NONBLOCK: should a pipe have taken the file's place, this does not wait for a writer.
    guard let descriptor = Descriptor.open(arrival.name, in: arrival.directory, O_RDONLY | O_NONBLOCK | O_NOCTTY) else {
      if errno == ENOENT { return nil }
      throw .system(path, "cannot be opened")
    }
    guard let status = descriptor.status() else { throw .system(path, "cannot be looked at") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .system(found: "\(quoted(path)) is not a file") }
    let inMemory = linux_is_in_memory(descriptor.number) == 1
    if let violation = rules.violation(byFile: status, at: path, mode: mode, inMemory: inMemory) {
      throw .unsafe(found: violation.found)
    }
    return CheckedFile(status: status, descriptor: descriptor, path: path)
  }

  private init(status: stat, descriptor: consuming Descriptor, path: String) {
    self.status = status
    self.descriptor = descriptor
    self.path = path
  }

  /// Reads on into `buffer`; 0 at the end of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileFailure) -> Int {
    while true {
      let count = Glibc.read(descriptor.number, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR else { throw .system(path, "cannot be read") }
    }
  }

  /// Everything up to the end of the file, `limit` bytes at most.
  func contents(limit: Int) throws(FileFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: min(Int(status.st_size), limit) + 1, alignment: 1)
    defer { chunk.deallocate() }
    while true {
      let count = try read(into: chunk)
      guard count > 0 else { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
    }
  }
}
