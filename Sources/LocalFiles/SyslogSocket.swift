import Delegation
import Glibc

/// Sends single records to the system's log, as syslog(3) does, and never waits for it.
///
/// A socket that is not there, or full, takes nothing: whoever relies on the anchors must run a syslog.
struct SyslogSocket {
  let path: String

  /// LOG_AUTHPRIV and LOG_NOTICE (RFC 3164 section 4.1.1).
  private static let priority = 10 << 3 | 5

  /// True when the log has taken it.
  @discardableResult
  func send(_ message: String, at time: UnixTime) -> Bool {
    var address = sockaddr_un()
    let name = Array(path.utf8) + [0]
    guard name.count <= MemoryLayout.size(ofValue: address.sun_path) else { return false }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let type = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let record = Array("<\(Self.priority)>\(Self.stamp(time)) onbehalf[\(getpid())]: \(message)".utf8)
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    return withUnsafePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        sendto(descriptor, record, record.count, CInt(MSG_NOSIGNAL), address, length) == record.count
      }
    }
  }

  /// `Jan  2 15:04:05`, in local time: what the protocol asks for.
  private static func stamp(_ time: UnixTime) -> String {
    var seconds = time_t(time.seconds)
    var parts = tm()
    localtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    strftime(&text, text.count, "%e %H:%M:%S", &parts)
    let month = months[Int(parts.tm_mon) % months.count]
    return "\(month) " + String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
