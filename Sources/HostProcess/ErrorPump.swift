import Glibc

/// Carries bytes from a pipe to the real standard error, and drops what nobody reads.
///
/// The source is always drained, whatever becomes of the sink. The sink keeps its mode: it is written to only when
/// poll(2) says so, by no more than a pipe takes at once.
struct ErrorPump {
  /// Bytes that may wait for a slow reader; those that come then are dropped and counted.
  static let capacity = 256 << 10

  private let source: Int32
  private let sink: Int32

  init(source: Int32, sink: Int32) {
    self.source = source
    self.sink = sink
  }

  /// Returns when the source has ended and what was waiting has been written or cannot be.
  func run() {
    var backlog = Backlog()
    var isSourceOpen = true
    var isSinkOpen = true
    while isSourceOpen || (isSinkOpen && !backlog.isEmpty) {
      var entries = [
        pollfd(fd: isSourceOpen ? source : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isSinkOpen && !backlog.isEmpty ? sink : -1, events: Int16(POLLOUT), revents: 0),
      ]
      guard poll(&entries, nfds_t(entries.count), -1) >= 0 || errno == EINTR else { return }
      if entries[1].revents & Int16(POLLOUT) != 0 {
        isSinkOpen = backlog.write(to: sink)
      } else if entries[1].revents != 0 {
        isSinkOpen = false
      }
      if entries[0].revents != 0 { isSourceOpen = backlog.read(from: source) }
      // Nobody will ever read it.
      if !isSinkOpen { backlog = Backlog() }
    }
  }
}

/// Bytes on their way, with a count of those that had no place.
private struct Backlog {
  private var bytes: [UInt8] = []
  private var dropped = 0
  private var endsLine = true

  var isEmpty: Bool { bytes.isEmpty }

  /// False at the end of the source.
  mutating func read(from source: Int32) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let count = Glibc.read(source, &chunk, chunk.count)
    guard count > 0 else { return count < 0 && (errno == EINTR || errno == EAGAIN) }
    let taken = min(count, ErrorPump.capacity - bytes.count)
    bytes += chunk.prefix(taken)
    dropped += count - taken
    return true
  }

  /// False when the sink takes nothing any more.
  mutating func write(to sink: Int32) -> Bool {
    let count = bytes.withUnsafeBytes { Glibc.write(sink, $0.baseAddress, min($0.count, Int(PIPE_BUF))) }
    guard count > 0 else { return errno == EINTR || errno == EAGAIN }
    endsLine = bytes[count - 1] == UInt8(ascii: "\n")
    bytes.removeFirst(count)
    if bytes.isEmpty, dropped > 0 {
      bytes = Array("\(endsLine ? "" : "\n")onbehalf: \(dropped) bytes of log dropped, nobody read them\n".utf8)
      dropped = 0
    }
    return true
  }
}
