import Glibc

/// What this process runs on, as it names itself.
package enum SystemVersion {
  /// Such as `Debian GNU/Linux 12 (bookworm), Linux 6.1.0 x86_64`.
  package static var text: String {
    var system = utsname()
    let kernel =
      uname(&system) == 0 ? [field(&system.sysname), field(&system.release), field(&system.machine)] : ["Linux"]
    return [prettyName(), kernel.joined(separator: " ")].compactMap(\.self).joined(separator: ", ")
  }

  private static func field<Field>(_ field: inout Field) -> String {
    withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// os-release(5).
  private static func prettyName() -> String? {
    let descriptor = open("/etc/os-release", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
    let line = lines.first { $0.hasPrefix("PRETTY_NAME=") }
    return line.map { String($0.dropFirst("PRETTY_NAME=".count)).filter { $0 != "\"" } }
  }
}
