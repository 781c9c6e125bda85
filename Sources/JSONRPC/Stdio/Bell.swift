import Glibc

/// Wakes a thread that waits: rung any number of times before, one wait returns.
final class Bell: Sendable {
  /// Readable while the bell has been rung and not been waited for.
  let descriptor: Int32
  private let rope: Int32

  init() throws(StdioFailure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw StdioFailure(call: "pipe", code: errno) }
    (descriptor, rope) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // A pipe of ours alone: when it is full, it has been rung enough.
    _ = fcntl(rope, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(descriptor)
    close(rope)
  }

  func ring() {
    var byte: UInt8 = 0
    write(rope, &byte, 1)
  }

  func wait() {
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { rings in
      while read(descriptor, rings.baseAddress, rings.count) < 0, errno == EINTR {}
    }
  }
}
