import Glibc

/// The system refuses what stdio needs.
package struct StdioFailure: Error, Sendable, Equatable {
  package let call: String
  /// As in `errno`.
  package let code: Int32
}

/// A thread of its own, for work that blocks: the threads of Swift's tasks may not.
struct Thread {
  private let handle: pthread_t

  init(_ work: @escaping @Sendable () -> Void) throws(StdioFailure) {
    let context = Unmanaged.passRetained(ThreadWork(work))
    var handle = pthread_t()
    let code = pthread_create(&handle, nil, Self.main, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw StdioFailure(call: "pthread_create", code: code)
    }
    self.handle = handle
  }

  /// Blocks until the work has ended. To be called once.
  func join() {
    pthread_join(handle, nil)
  }

  private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    guard let context else { return nil }
    Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().work()
    return nil
  }
}

private final class ThreadWork: Sendable {
  let work: @Sendable () -> Void

  init(_ work: @escaping @Sendable () -> Void) { self.work = work }
}
