import Synchronization

/// Hands what a thread has found to the task that waits for it, copyable or not.
final class Handover<Value: ~Copyable & Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)

  func put(_ newValue: consuming sending Value) {
    var newValue: Value? = consume newValue
    value.withLock { value in value = newValue.take() }
  }

  func take() -> Value? { value.withLock { $0.take() } }
}
