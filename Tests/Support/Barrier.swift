import Foundation

/// Lets threads go on when as many as expected have arrived.
package final class Barrier: @unchecked Sendable {
  // Sendable: every access to `missing` is made while the condition's lock is held.
  private let condition = NSCondition()
  private var missing: Int

  package init(_ expected: Int) { missing = expected }

  package func arrive() {
    condition.lock()
    defer { condition.unlock() }
    missing -= 1
    if missing <= 0 { condition.broadcast() }
  }

  /// Blocks its thread: for threads of a test's own.
  package func arriveAndWait() {
    arrive()
    wait()
  }

  /// Blocks its thread until as many as expected have arrived.
  package func wait() {
    condition.lock()
    defer { condition.unlock() }
    while missing > 0 { condition.wait() }
  }
}
