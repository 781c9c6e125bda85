import CLinux

/// A named thread for work that blocks. Every signal is blocked in it.
enum DetachedThread {
  private final class Work {
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
