import Glibc

/// Joins a session to two descriptors, which are read and written by a thread each.
///
/// The descriptors stay the caller's, and stay as they are: they may be shared with the parent, so they are never set
/// non-blocking. Broken pipes are errors here and not signals, which concerns the whole process (`SIGPIPE`).
package final class StdioTransport: Output {
  private let input: Int32
  private let output: Int32
  private let readerBell: Bell
  private let writerBell: Bell

  package init(input: Int32, output: Int32) throws(StdioFailure) {
    self.input = input
    self.output = output
    readerBell = try Bell()
    writerBell = try Bell()
    signal(SIGPIPE, SIG_IGN)
  }

  /// Returns when the session has ended. A writer stuck in a pipe that nobody reads is left behind for the process to
  /// end.
  package func run<Context>(_ server: Server<Context>) async throws(StdioFailure) -> Ending {
    try startThread { self.write(from: server) }
    try startThread { self.read(into: server) }
    let ending = await server.ending()
    // The session takes and gives nothing more: both threads notice.
    readerBell.ring()
    writerBell.ring()
    return ending
  }

  // MARK: Reading

  private enum Input {
    case bytes(Int)
    case nothing
    case end
  }

  private func read<Context>(into server: Server<Context>) {
    // As much as a pipe holds.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
    defer { buffer.deallocate() }
    while true {
      switch server.appetite {
      case .done: return
      case .full: readerBell.wait()
      case .hungry:
        switch read(into: buffer) {
        case .bytes(let count): server.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        case .nothing: break
        case .end: return server.endOfInput()
        }
      }
    }
  }

  /// Waits for input or the bell. An input that fails has ended.
  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Input {
    var waits = [
      pollfd(fd: input, events: Int16(POLLIN), revents: 0),
      pollfd(fd: readerBell.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&waits, nfds_t(waits.count), -1) > 0 else { return errno == EINTR ? .nothing : .end }
    if waits[1].revents != 0 { readerBell.wait() }
    guard waits[0].revents != 0 else { return .nothing }
    switch Glibc.read(input, buffer.baseAddress, buffer.count) {
    case 0: return .end
    case ..<0: return errno == EINTR || errno == EAGAIN ? .nothing : .end
    case let count: return .bytes(count)
    }
  }

  // MARK: Writing

  package func writeAtOnce(_ frame: [UInt8]) -> ImmediateWrite {
    // A pipe that is ready takes that much without blocking (POSIX, write), and a socket far more.
    guard frame.count <= PIPE_BUF else { return .wrote(0) }
    var wait = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
    guard poll(&wait, 1, 0) > 0 else { return .wrote(0) }
    switch Glibc.write(output, frame, frame.count) {
    case ..<0: return errno == EINTR || errno == EAGAIN ? .wrote(0) : .broken
    case let count: return .wrote(count)
    }
  }

  package func framesAreWaiting() { writerBell.ring() }
  package func appetiteChanged() { readerBell.ring() }

  private func write<Context>(from server: Server<Context>) {
    while true {
      switch server.nextStep() {
      case .write(let bytes):
        guard write(bytes) else { return server.outputBroke() }
      case .idle:
        guard !server.hasEnded else { return }
        writerBell.wait()
      case .broken: return
      }
    }
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // Somebody else set it non-blocking.
        var wait = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
        poll(&wait, 1, -1)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
