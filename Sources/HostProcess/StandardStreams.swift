import CLinux
import Glibc

/// The standard streams, arranged so that nothing but the protocol reaches the host's end of stdout.
///
/// Guarantees from `takeOver` on: descriptors 0 to 2 are open; what any library prints to 1 or 2 goes to the real
/// standard error through a pipe of our own, and never blocks the printer; no inherited descriptor has changed its
/// mode.
package final class StandardStreams: Sendable {
  /// The host's end of standard output. Close-on-exec, blocking as it was inherited.
  package let protocolOutput: Int32
  private let pumpEnded: Int32

  private init(protocolOutput: Int32, pumpEnded: Int32) {
    self.protocolOutput = protocolOutput
    self.pumpEnded = pumpEnded
  }

  /// Whether a person is at the other end of standard input.
  package static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

  /// Call it once, before anything prints.
  package static func takeOver() throws(StartFailure) -> StandardStreams {
    try openMissing()
    let output = try checked(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "duplicate standard output")
    let realError = try checked(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "duplicate standard error")
    var pipe: [Int32] = [-1, -1]
    _ = try checked(Glibc.pipe(&pipe), "make a pipe")
    for end in pipe { _ = try checked(fcntl(end, F_SETFD, FD_CLOEXEC), "set up a pipe") }
    // The pipe is ours, so its mode may be changed: what finds it full is lost instead of waiting.
    _ = try checked(fcntl(pipe[1], F_SETFL, O_NONBLOCK), "set up a pipe")
    let ended = try checked(eventfd(0, Int32(EFD_CLOEXEC)), "make an event")
    _ = try checked(dup2(pipe[1], STDOUT_FILENO), "redirect standard output")
    _ = try checked(dup2(pipe[1], STDERR_FILENO), "redirect standard error")
    close(pipe[1])
    let pump = ErrorPump(source: pipe[0], sink: realError)
    let hasStarted = DetachedThread.start("onbehalf-stderr") {
      pump.run()
      eventfd_write(ended, 1)
    }
    guard hasStarted else { throw StartFailure(description: "cannot start a thread") }
    return StandardStreams(protocolOutput: output, pumpEnded: ended)
  }

  /// Passes on what has been printed, for as long as somebody reads it and the time lasts. For the end of the
  /// process: what is printed later is lost.
  package func flush(withinMilliseconds time: Int32) {
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard nowhere >= 0 else { return }
    // With its last writers gone the pump sees the end of its input.
    dup2(nowhere, STDOUT_FILENO)
    dup2(nowhere, STDERR_FILENO)
    close(nowhere)
    var entry = pollfd(fd: pumpEnded, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, time)
  }

  /// A descriptor that is closed would be given to the next file that is opened, and be printed into.
  private static func openMissing() throws(StartFailure) {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      guard open("/dev/null", O_RDWR) == descriptor else {
        throw StartFailure(description: "cannot open /dev/null in place of descriptor \(descriptor)")
      }
    }
  }
}

/// Why the process cannot begin its work; one sentence.
package struct StartFailure: Error, CustomStringConvertible {
  package let description: String
}

private func checked(_ result: Int32, _ purpose: String) throws(StartFailure) -> Int32 {
  guard result >= 0 else { throw StartFailure(description: "cannot \(purpose): \(String(cString: strerror(errno)))") }
  return result
}
