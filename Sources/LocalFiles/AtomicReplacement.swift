import Delegation
import Glibc

/// Exchanges a file for another of the same name, mode 0600, so that whoever looks sees the old one or the new one, and
/// so does whoever looks after a power cut.
enum AtomicReplacement {
  /// The caller holds the lock, hence the new file may have a fixed name; what a killed writer left is removed first.
  static func replace(_ arrival: borrowing PathWalk.Arrival, with content: [UInt8]) throws(FileFailure) {
    let directory = arrival.directory.number
    let temporary = ".\(arrival.name).new"
    guard unlinkat(directory, temporary, 0) == 0 || errno == ENOENT else {
      throw .system(arrival.path, "cannot be replaced")
    }
    do throws(FileFailure) {
      try write(content, to: temporary, at: arrival)
      guard renameat(directory, temporary, directory, arrival.name) == 0 else {
        throw .system(arrival.path, "cannot be replaced")
      }
    } catch {
      unlinkat(directory, temporary, 0)
      throw error
    }
    try synchronise(arrival)
  }

  private static func write(
    _ content: [UInt8],
    to name: String,
    at arrival: borrowing PathWalk.Arrival
  ) throws(FileFailure) {
    let flags = O_WRONLY | O_CREAT | O_EXCL
    guard let file = Descriptor.open(name, in: arrival.directory, flags, mode: 0o600) else {
      throw .system(arrival.path, "cannot be replaced")
    }
    // Whatever the umask is.
    guard fchmod(file.number, 0o600) == 0 else { throw .system(arrival.path, "cannot be replaced") }
    var rest = content[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw .system(arrival.path, "cannot be written")
      }
    }
    guard fsync(file.number) == 0 else { throw .system(arrival.path, "cannot be written") }
  }

  /// Makes the new name last. File systems that cannot do this for a directory answer EINVAL.
  static func synchronise(_ arrival: borrowing PathWalk.Arrival) throws(FileFailure) {
    if let directory = Descriptor.open(".", in: arrival.directory, O_RDONLY | O_DIRECTORY) {
      if fsync(directory.number) == 0 || errno == EINVAL { return }
    }
    throw .unsettled(found: "\(quoted(arrival.directoryPath)) cannot be synchronised: \(words(of: errno))")
  }
}
