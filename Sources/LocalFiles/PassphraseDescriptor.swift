package import Delegation
import Glibc

/// A passphrase that whoever started us hands over an inherited descriptor: a pipe, a socket, an open file.
///
/// It can be read once, so it is kept.
package final class PassphraseDescriptor: Sendable {
  private let kept: SecretBytes

  /// Reads `number` to its end and closes it, whatever comes of it.
  ///
  /// To be called before anything else is opened, for a number that was not inherited would be given to that.
  /// - Parameter patience: how long the other end may take to write and to close.
  /// - Throws: `.unavailable` with `.noPassphrase`.
  package init(reading number: Int32, patience: Duration = .seconds(5)) throws(StoreFailure) {
    kept = try Self.read(number, patience)
  }

  package func passphrase() -> SecretBytes { kept.withUnsafeBytes { SecretBytes(copying: $0) } }

  private static func read(_ number: Int32, _ patience: Duration) throws(StoreFailure) -> SecretBytes {
    let source = "descriptor \(number)"
    guard fcntl(number, F_GETFD) >= 0 else { throw .noPassphrase(found: "\(source) is not open") }
    defer { close(number) }
    guard isatty(number) == 0 else { throw .noPassphrase(found: "\(source) is a terminal") }
    var buffer = PassphraseBuffer()
    let deadline = ContinuousClock.now.advanced(by: patience)
    while !buffer.free.isEmpty {
      try wait(for: number, until: deadline, source)
      let count = Glibc.read(number, buffer.free.baseAddress, buffer.free.count)
      if count == 0 { break }
      if count > 0 {
        buffer.note(read: count)
      } else if errno != EINTR && errno != EAGAIN {
        throw .noPassphrase(found: "\(source) cannot be read: \(words(of: errno))")
      }
    }
    return try buffer.passphrase(from: source)
  }

  private static func wait(
    for number: Int32,
    until deadline: ContinuousClock.Instant,
    _ source: String
  ) throws(StoreFailure) {
    let left = ContinuousClock.now.duration(to: deadline).components
    let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
    var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    guard milliseconds > 0, poll(&entry, 1, Int32(clamping: milliseconds)) != 0 else {
      throw .noPassphrase(found: "\(source) was not written and closed in time")
    }
  }
}
