import CLinux
import Delegation
import Glibc
import Synchronization

/// The door to the loop's thread. Orders given by one thread are carried out in that order.
final class TransferLoop: Sendable {
  enum Order: Sendable {
    case start(Job)
    /// There is room again for the bytes of this transfer.
    case goOn(UInt64)
    case cancel(UInt64)
  }

  private struct Inbox {
    var orders: [Order] = []
    var isRunning = false
    var isStopped = false
  }

  private let inbox = Mutex(Inbox())
  let wakeup = Wakeup()
  let idleTime: Duration

  init(idleTime: Duration) { self.idleTime = idleTime }

  /// Starts the thread with the first job.
  func start(_ job: Job) {
    let failure: HTTPFailure? = inbox.withLock { inbox in
      guard !inbox.isStopped else { return .cancelled(requestSent: false) }
      if !inbox.isRunning {
        let error = startThread()
        guard error == 0 else {
          return .unreachable(found: "no thread for network transfers: \(String(cString: strerror(error)))")
        }
        inbox.isRunning = true
      }
      inbox.orders.append(.start(job))
      return nil
    }
    if let failure { job.fail(failure) } else { wakeup.signal() }
  }

  /// Ends a transfer with `.cancelled`; nothing when it has ended already.
  func cancel(_ id: UInt64) { order(.cancel(id)) }

  /// Nothing when the transfer has ended.
  func goOn(_ id: UInt64) { order(.goOn(id)) }

  private func order(_ order: Order) {
    let isRunning = inbox.withLock { inbox in
      if inbox.isRunning, !inbox.isStopped { inbox.orders.append(order) }
      return inbox.isRunning
    }
    if isRunning { wakeup.signal() }
  }

  /// Ends the thread. Whoever waits is told that it was cancelled.
  func stop() {
    inbox.withLock { $0.isStopped = true }
    wakeup.signal()
  }

  /// What was ordered since the last call, and whether it was the last. For the loop's thread.
  func takeOrders() -> (orders: [Order], isStopped: Bool) {
    wakeup.drain()
    return inbox.withLock { inbox in
      defer { inbox.orders.removeAll() }
      return (inbox.orders, inbox.isStopped)
    }
  }

  private func startThread() -> Int32 {
    guard wakeup.descriptor >= 0 else { return EMFILE }
    let context = Unmanaged.passRetained(self)
    let error = onbehalf_start_thread(
      { context in
        guard let context else { return nil }
        onbehalf_name_thread("onbehalf-http")
        TransferEngine(Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue()).run()
        return nil
      },
      context.toOpaque()
    )
    if error != 0 { context.release() }
    return error
  }
}

/// Wakes a thread out of poll(2), from any thread.
final class Wakeup: Sendable {
  let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

  deinit { close(descriptor) }

  func signal() { eventfd_write(descriptor, 1) }

  /// Blocks until somebody signals.
  func wait() {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, -1)
  }

  func drain() {
    var count: UInt64 = 0
    eventfd_read(descriptor, &count)
  }
}
