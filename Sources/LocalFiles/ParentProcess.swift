package import Delegation
import Glibc

/// The process that started this one, as /proc(5) shows it.
///
/// A number alone could have been given to another process meanwhile. The parent began before us and its parent before
/// it: what began later is not who it was.
package struct ParentProcess: HostIdentity {
  private let parent: pid_t
  private let proc: String

  /// Make it at the start of the process, while the parent is sure to be there. Reads nothing.
  package init(parent: Int32 = getppid(), proc: String = "/proc") {
    self.parent = parent
    self.proc = proc
  }

  package func read() -> HostProcess {
    let sidecar = getpid()
    let mine = Status(of: sidecar, in: proc)
    let host = seen(parent, before: mine)
    let above = host.flatMap { host in host.parent > 0 ? seen(host.parent, before: host) : nil }
    return HostProcess(
      process: HostProcess.Process(pid: parent, executable: host?.executable),
      parent: above.map { HostProcess.Process(pid: $0.pid, executable: $0.executable) },
      sidecar: sidecar
    )
  }

  private func seen(_ pid: pid_t, before child: Status?) -> Status? {
    guard let child, let status = Status(of: pid, in: proc), status.began <= child.began else { return nil }
    return status
  }

  /// What /proc says of a process, all of it of the same one.
  private struct Status {
    let pid: pid_t
    let parent: pid_t
    /// Clock ticks since the machine started.
    let began: UInt64
    let executable: String

    init?(of pid: pid_t, in proc: String) {
      guard let before = Self.fields(of: pid, in: proc) else { return nil }
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink("\(proc)/\(pid)/exe", &buffer, buffer.count)
      guard let after = Self.fields(of: pid, in: proc), after.began == before.began else { return nil }
      self.pid = pid
      parent = before.parent
      began = before.began
      executable =
        count > 0
        ? String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : "[\(before.name)]"
    }

    /// proc(5): the name stands in brackets and may hold anything; the state is the first field behind it.
    private static func fields(of pid: pid_t, in proc: String) -> (name: String, parent: pid_t, began: UInt64)? {
      let descriptor = open("\(proc)/\(pid)/stat", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      defer { close(descriptor) }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return nil }
      let text = buffer.prefix(count)
      guard let opening = text.firstIndex(of: UInt8(ascii: "(")), let closing = text.lastIndex(of: UInt8(ascii: ")")),
        opening < closing
      else { return nil }
      let name = String(decoding: text[(opening + 1)..<closing], as: UTF8.self)
      let fields = text[(closing + 1)...].split(separator: UInt8(ascii: " ")).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard fields.count > 19, let parent = pid_t(fields[1]), let began = UInt64(fields[19]) else { return nil }
      return (name, parent, began)
    }
  }
}
