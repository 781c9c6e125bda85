import Dispatch

/// Runs an actor's jobs one after another away from the cooperative pool, so that a slow one holds up nobody else.
final class OwnThread: SerialExecutor {
  private let queue = DispatchQueue(label: "onbehalf.encrypted-file-store")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
