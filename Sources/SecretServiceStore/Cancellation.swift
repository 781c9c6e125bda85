import CLibSecret

/// Owns a `GCancellable`.
final class Cancellation {
  let pointer: UnsafeMutablePointer<GCancellable>

  init() { pointer = g_cancellable_new() }

  deinit { g_object_unref(pointer) }

  func cancel() { g_cancellable_cancel(pointer) }
}

// GLib: a GCancellable is thread-safe. The pointer never changes.
extension Cancellation: @unchecked Sendable {}
