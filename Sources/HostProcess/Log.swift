import Glibc
import Synchronization

/// One line per record to standard error: time (RFC 3339, UTC), level, message.
///
/// Guarantees: it never blocks; a record is one line of at most `maximumBytes`, whatever the message holds; records
/// that found no place are counted and the next one tells. What is secret does not get here: the caller's types see
/// to it.
package final class Log: Sendable {
  package enum Level: String, Sendable, CaseIterable, Comparable {
    /// Something asked for could not be done, and the one who asked may not have been told.
    case error
    /// It works, but somebody should look: a default taken, a limit met, a retry.
    case warn
    /// Once per start, end and request.
    case info
    /// Steps of a request.
    case debug

    /// The quieter one is less.
    package static func < (one: Level, other: Level) -> Bool { one.rank < other.rank }

    private var rank: Int {
      switch self {
      case .error: 0
      case .warn: 1
      case .info: 2
      case .debug: 3
      }
    }
  }

  /// Below the size that a pipe takes whole or not at all.
  package static let maximumBytes = 2048

  private let level: Level
  private let descriptor: Int32
  private let dropped = Atomic<Int>(0)

  /// `descriptor` must not block, as standard error after `StandardStreams.takeOver`.
  package init(level: Level, descriptor: Int32 = STDERR_FILENO) {
    self.level = level
    self.descriptor = descriptor
  }

  package func error(_ message: @autoclosure () -> String) { record(.error, message) }
  package func warn(_ message: @autoclosure () -> String) { record(.warn, message) }
  package func info(_ message: @autoclosure () -> String) { record(.info, message) }
  package func debug(_ message: @autoclosure () -> String) { record(.debug, message) }

  private func record(_ level: Level, _ message: () -> String) {
    guard level <= self.level else { return }
    let lost = dropped.exchange(0, ordering: .relaxed)
    let prefix = "\(Timestamp.now) \(level.rawValue) " + (lost > 0 ? "(\(lost) records dropped before) " : "")
    let line = Self.line(prefix, message())
    let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written < 0 { dropped.add(lost + 1, ordering: .relaxed) }
  }

  static func line(_ prefix: String, _ message: String) -> [UInt8] {
    var bytes = Array(prefix.utf8)
    let room = maximumBytes - 40
    for scalar in message.unicodeScalars {
      let escaped = isPlain(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
      guard bytes.count + escaped.utf8.count <= room else {
        bytes += Array("… (\(message.utf8.count) bytes)".utf8)
        break
      }
      bytes += Array(escaped.utf8)
    }
    return bytes + [UInt8(ascii: "\n")]
  }

  /// Nothing that begins a line or moves a terminal's cursor.
  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}

/// Wall-clock time as RFC 3339 in UTC, to the millisecond.
struct Timestamp: CustomStringConvertible {
  private let time: timespec

  init(_ time: timespec) { self.time = time }

  static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(time)
  }

  var description: String {
    var seconds = time.tv_sec
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let date = "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
    let clock = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
    return "\(date)T\(clock).\(padded(Int32(time.tv_nsec / 1_000_000), 3))Z"
  }

  private func padded(_ number: Int32, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
