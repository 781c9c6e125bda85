import CLinux
import Delegation
import Glibc

/// Owns one open file descriptor; closed when the value ends.
struct Descriptor: ~Copyable {
  let number: CInt

  /// Opens `name` inside `directory`, never through a link. `O_CLOEXEC` is always set.
  ///
  /// - Returns: nil with `errno` set when the system refuses.
  static func open(_ name: String, in directory: borrowing Descriptor, _ flags: CInt, mode: mode_t = 0) -> Descriptor? {
    Descriptor(takingOwnership: openat(directory.number, name, flags | O_NOFOLLOW | O_CLOEXEC, mode))
  }

  /// The root directory, as a place to walk from.
  static func root() -> Descriptor? {
    Descriptor(takingOwnership: Glibc.open("/", linux_open_path | O_DIRECTORY | O_CLOEXEC))
  }

  private init?(takingOwnership number: CInt) {
    guard number >= 0 else { return nil }
    self.number = number
  }

  deinit { close(number) }

  /// What the descriptor itself leads to, whatever has happened to its name since.
  func status() -> stat? {
    var status = stat()
    return fstat(number, &status) == 0 ? status : nil
  }
}

extension FileFailure {
  /// What the system says about `path`: the text of `errno` as it stands when this is called.
  static func system(_ path: String, _ attempt: String, error: CInt = errno) -> FileFailure {
    .system(found: "\(quoted(path)) \(attempt): \(words(of: error))")
  }
}

/// The system's words for an error number, in any thread.
func words(of error: CInt) -> String {
  var buffer = [CChar](repeating: 0, count: 128)
  guard strerror_r(error, &buffer, buffer.count) == 0 else { return "error \(error)" }
  return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
