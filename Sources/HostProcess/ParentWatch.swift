import CLinux
import Glibc
import Synchronization

/// Tells when the process that uses us has ended.
///
/// By pidfd and not by `PR_SET_PDEATHSIG`, which fires when the *thread* ends that has started us.
package final class ParentWatch: Sendable {
  private struct Watched {
    var descriptors: [Int32: Int32] = [:]
    var isStopped = false
  }

  /// The parent and the `processId` of `initialize`.
  private static let most = 2

  private let watched = Mutex(Watched())
  private let changed = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
  private let onDeath: @Sendable (Int32) -> Void

  /// `onDeath` is called at most once, on a thread of the watch.
  package init(onDeath: @escaping @Sendable (Int32) -> Void) throws(StartFailure) {
    self.onDeath = onDeath
    guard DetachedThread.start("onbehalf-parent", { [self] in wait() }) else {
      throw StartFailure(description: "cannot start a thread")
    }
  }

  deinit { close(changed) }

  /// Watches the parent as it is now. False when it cannot be seen: from inside a container it may be outside, and its
  /// id is then 0.
  package func watchParent() -> Bool {
    let parent = getppid()
    guard watch(parent) else { return false }
    // It may have ended before the descriptor was had, which then belongs to whoever has its id now.
    if getppid() != parent { report(parent) }
    return true
  }

  /// Watches another process, when it is visible now.
  package func watch(_ process: Int32) -> Bool {
    guard process > 0, process != getpid() else { return false }
    let isWatched = watched.withLock { watched in
      guard !watched.isStopped, watched.descriptors[process] == nil else { return !watched.isStopped }
      guard watched.descriptors.count < Self.most else { return false }
      let descriptor = onbehalf_pidfd_open(process)
      guard descriptor >= 0 else { return false }
      watched.descriptors[process] = descriptor
      return true
    }
    eventfd_write(changed, 1)
    return isWatched
  }

  package func stop() {
    _ = takeAll()
    eventfd_write(changed, 1)
  }

  private func wait() {
    while true {
      let (processes, isStopped) = watched.withLock { ($0.descriptors.sorted { $0.key < $1.key }, $0.isStopped) }
      guard !isStopped else { return }
      var entries = ([changed] + processes.map(\.value)).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      poll(&entries, nfds_t(entries.count), -1)
      var count: UInt64 = 0
      eventfd_read(changed, &count)
      for (process, entry) in zip(processes, entries.dropFirst()) where entry.revents != 0 {
        return report(process.key)
      }
    }
  }

  private func report(_ process: Int32) {
    guard takeAll() else { return }
    eventfd_write(changed, 1)
    onDeath(process)
  }

  /// Ends the watch; true for the first who does.
  private func takeAll() -> Bool {
    watched.withLock { watched in
      guard !watched.isStopped else { return false }
      watched.isStopped = true
      for descriptor in watched.descriptors.values { close(descriptor) }
      watched.descriptors = [:]
      return true
    }
  }
}
