import Glibc

/// The system refuses what stdio needs.
package struct StdioFailure: Error, Sendable, Equatable {
  package let call: String
  /// As in `errno`.
  package let code: Int32
}

/// Runs the work on a thread of its own, which may block: the threads of Swift's tasks may not. Nobody waits for it.
func startThread(_ work: @escaping @Sendable () -> Void) throws(StdioFailure) {
  let context = Unmanaged.passRetained(ThreadWork(work))
  var thread = pthread_t()
  let code = pthread_create(
    &thread,
    nil,
    { context in
      guard let context else { return nil }
      Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().work()
      return nil
    },
    context.toOpaque()
  )
  guard code == 0 else {
    context.release()
    throw StdioFailure(call: "pthread_create", code: code)
  }
  pthread_detach(thread)
}

private final class ThreadWork: Sendable {
  let work: @Sendable () -> Void

  init(_ work: @escaping @Sendable () -> Void) { self.work = work }
}
