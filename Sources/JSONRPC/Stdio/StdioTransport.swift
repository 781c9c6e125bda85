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

  /// Returns when the session has ended. From then on nothing touches the descriptors but a write that cannot block.
  package func run<Context>(_ server: Server<Context>) async throws(StdioFailure) -> Ending {
    let writer = try Thread { self.write(from: server) }
    let reader = try Thread { self.read(into: server) }
    let ending = await server.ending()
    // Neither waits for anything but its descriptor and its bell, so both end at once.
    readerBell.ring()
    writerBell.ring()
    reader.join()
    writer.join()
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
    frame.count <= PIPE_BUF ? writeAtOnce(frame[...]) : .wrote(0)
  }

  /// A pipe that is ready takes `PIPE_BUF` bytes without blocking (POSIX, write), and a socket more.
  private func writeAtOnce(_ piece: ArraySlice<UInt8>) -> ImmediateWrite {
    var wait = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
    guard poll(&wait, 1, 0) > 0 else { return .wrote(0) }
    switch piece.withUnsafeBytes({ Glibc.write(output, $0.baseAddress, $0.count) }) {
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
        guard write(bytes, from: server) else { return server.outputBroke() }
      case .idle:
        guard !server.hasEnded else { return }
        writerBell.wait()
      case .broken: return
      }
    }
  }

  /// Writes all of it, however slowly it is read, unless the session ends before. False when the output is broken.
  private func write<Context>(_ bytes: [UInt8], from server: Server<Context>) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty, !server.hasEnded {
      switch writeAtOnce(rest.prefix(Int(PIPE_BUF))) {
      case .wrote(0): waitForOutput()
      case .wrote(let count): rest = rest.dropFirst(count)
      case .broken: return false
      }
    }
    return true
  }

  private func waitForOutput() {
    var waits = [
      pollfd(fd: output, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: writerBell.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&waits, nfds_t(waits.count), -1) > 0 else { return }
    if waits[1].revents != 0 { writerBell.wait() }
  }
}
