import Delegation
import Glibc

/// The right to replace a file, shared with every other process that honours `PATH.lock`.
///
/// An exclusive `flock` on a file of its own, because the guarded file itself is exchanged by each replacement. The
/// lock ends with the value, or with the process however that ends; the lock file stays, since removing it would let
/// two holders lock two different files.
struct FileLock: ~Copyable {
  private let file: Descriptor

  /// Waits for the lock until `deadline`.
  init(at arrival: borrowing PathWalk.Arrival, deadline: ContinuousClock.Instant) throws(FileFailure) {
    let path = arrival.path + ".lock"
    let flags = O_RDWR | O_CREAT | O_NONBLOCK
    guard let file = Descriptor.open(arrival.name + ".lock", in: arrival.directory, flags, mode: 0o600) else {
      throw .system(path, "cannot be opened")
    }
    guard let status = file.status() else { throw .system(path, "cannot be looked at") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .system(found: "\(quoted(path)) is not a file") }
    // A umask may have left even us without the right to open it the next time.
    if status.st_mode & 0o600 != 0o600 { fchmod(file.number, 0o600) }
    // `flock` cannot be given a time, and a signal that would end it belongs to the whole process: hence short waits.
    var pause = Duration.milliseconds(1)
    while flock(file.number, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { throw .system(path, "cannot be locked") }
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { throw .lockTimedOut(path: path) }
      wait(min(pause, left))
      pause = min(pause * 2, .milliseconds(16))
    }
    self.file = file
  }

  /// Gives the lock back; a lock that is not released ends with its value.
  consuming func release() {}
}

private func wait(_ duration: Duration) {
  let parts = duration.components
  var time = timespec(tv_sec: time_t(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
  nanosleep(&time, nil)
}
