import Glibc

/// A file of certificates, read whole and only when it is one.
struct PEMFile {
  struct Problem: Error {
    let found: String
  }

  /// Changes whenever the file does.
  struct Stamp: Equatable {
    let fields: [Int]

    init(_ status: stat) {
      fields = [
        Int(status.st_dev), Int(status.st_ino), Int(status.st_size),
        status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
      ]
    }
  }

  /// Far above the 250 kB of a whole system bundle.
  static let maximumBytes = 8 << 20

  let path: String

  /// Nil when there is no such file, or none we may see.
  var stamp: Stamp? {
    var status = stat()
    return stat(path, &status) == 0 ? Stamp(status) : nil
  }

  func read() -> Result<[UInt8], Problem> {
    // Not blocking: a FIFO in place of the file must not hold the caller.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return .failure(Problem(found: String(cString: strerror(errno)))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return .failure(Problem(found: "not a regular file"))
    }
    guard status.st_size <= Self.maximumBytes else {
      return .failure(Problem(found: "larger than \(Self.maximumBytes) bytes"))
    }
    let bytes = Self.content(of: descriptor)
    guard bytes.firstRange(of: Array("CERTIFICATE-----".utf8)) != nil else {
      return .failure(Problem(found: "no PEM certificate (-----BEGIN CERTIFICATE-----) in it"))
    }
    return .success(bytes)
  }

  private static func content(of descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= maximumBytes {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    return bytes
  }
}
