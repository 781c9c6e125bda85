import CLinux
import Glibc

/// A named thread for work that blocks. Every signal is blocked in it, SIGXFSZ of a full quota among them.
enum AuditThread {
  private final class Work: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// False when the system has no thread left. `name` is cut after 15 bytes.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    let work = Unmanaged.passRetained(Work(name, body))
    let error = onbehalf_start_thread(
      { context in
        guard let context else { return nil }
        let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
        onbehalf_name_thread(work.name)
        work.body()
        return nil
      },
      work.toOpaque()
    )
    if error != 0 { work.release() }
    return error == 0
  }
}

/// Wakes the one thread that waits: rung any number of times before, one wait returns.
///
/// Without a descriptor left for it the waits become short ones, and nothing else changes.
final class AuditBell: Sendable {
  private let descriptor: CInt

  init() { descriptor = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)) }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func ring() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  func wait(until instant: ContinuousClock.Instant?) {
    guard let instant else { return wait(milliseconds: -1) }
    let parts = ContinuousClock.now.duration(to: instant).components
    let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000 + 1
    wait(milliseconds: Int32(clamping: max(0, milliseconds)))
  }

  /// - Parameter milliseconds: -1 waits without end.
  func wait(milliseconds: Int32) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&entry, 1, descriptor < 0 ? 10 : milliseconds)
    var rings: UInt64 = 0
    _ = read(descriptor, &rings, MemoryLayout<UInt64>.size)
  }
}
