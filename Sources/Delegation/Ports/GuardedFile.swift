/// A small file that others may change too: profiles, a policy, an encrypted store.
///
/// Guarantees: read without following links into unsafe places (every component of the path is owned by root or by us
/// and not writable by others, as sshd's StrictModes asks); replaced atomically, mode 0600, under a lock that other
/// sidecars honour; bounded in size.
package protocol GuardedFile: Sendable {
  var path: String { get }

  /// The content with its stamp, or nil when there is no file.
  func read(deadline: ContinuousClock.Instant) throws(FileFailure) -> GuardedContent?

  /// A stamp without reading, cheap enough for every request; nil when there is no file.
  func stamp() throws(FileFailure) -> FileStamp?

  /// Replaces the content under the lock, for which it blocks its thread until the deadline. `change` sees what is there and returns what shall be there, or nil to leave
  /// it as it is.
  func update(
    deadline: ContinuousClock.Instant,
    _ change: ([UInt8]?) throws(FileFailure) -> [UInt8]?
  ) throws(FileFailure)
}

package struct GuardedContent: Sendable {
  package let bytes: [UInt8]
  package let stamp: FileStamp

  package init(bytes: [UInt8], stamp: FileStamp) {
    self.bytes = bytes
    self.stamp = stamp
  }
}

/// Changes whenever the file does: device, inode, size, modification and change time.
package struct FileStamp: Sendable, Hashable {
  package let fields: [Int64]
  package init(fields: [Int64]) { self.fields = fields }
}

package enum FileFailure: Error, Sendable, Equatable {
  /// Somebody else could have written it: `found` names the component, its owner and mode.
  case unsafe(found: String)
  case tooLarge(limit: Int)
  /// The lock was not had by the deadline.
  case lockTimedOut(path: String)
  /// Any other error of the system, in its words.
  case system(found: String)
  /// The content was exchanged, but the system does not promise that it lasts: after a power cut the old one may be back.
  case unsettled(found: String)
  /// `change` refused; it has kept its own reason.
  case refused
}

extension FileFailure: CustomStringConvertible {
  /// What was found, for the end of a sentence about the file.
  package var description: String {
    switch self {
    case .unsafe(let found): "somebody else could have written it: \(found)"
    case .tooLarge(let limit): "it is larger than \(limit) bytes"
    case .lockTimedOut(let path): "another process holds its lock, \(path)"
    case .system(let found), .unsettled(let found): found
    case .refused: "the change was refused"
    }
  }
}
