package import Delegation
import Glibc

/// The file behind `--passphrase-file`: 1 to 4096 bytes without NUL; one newline at the end is not part of them.
package struct PassphraseFile: Sendable {
  private static let maximumBytes = 4096
  private let path: String
  private let file: LocalFile

  package init(path: String) {
    self.path = path
    file = LocalFile(path: path, maximumBytes: Self.maximumBytes + 1, mode: .private)
  }

  /// The passphrase. Read anew each time, so that a mounted secret may be exchanged.
  ///
  /// - Throws: `.unavailable` with `.unsafePermissions` or `.noPassphrase`.
  package func read() throws(StoreFailure) -> SecretBytes {
    let secret: SecretBytes?
    do {
      secret = try content()
    } catch .unsafe(let found) {
      throw .unavailable(.unsafePermissions, found: found)
    } catch .system(let found) {
      throw .unavailable(.noPassphrase, found: found)
    } catch {
      throw .unavailable(.noPassphrase, found: "\(quoted(path)) is longer than \(Self.maximumBytes) bytes")
    }
    guard let secret else { throw .unavailable(.noPassphrase, found: "there is no \(quoted(path))") }
    return secret
  }

  private func content() throws(FileFailure) -> SecretBytes? {
    guard let file = try file.open() else { return nil }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.maximumBytes + 2, alignment: 1)
    defer {
      wipe(buffer)
      buffer.deallocate()
    }
    var count = 0
    while count < buffer.count {
      let read = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
      guard read > 0 else { break }
      count += read
    }
    if count > 0, buffer[count - 1] == UInt8(ascii: "\n") { count -= 1 }
    guard count <= Self.maximumBytes else { throw .tooLarge(limit: Self.maximumBytes) }
    guard count > 0 else { throw .system(found: "\(quoted(path)) is empty") }
    let passphrase = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    guard !passphrase.contains(0) else { throw .system(found: "\(quoted(path)) holds a NUL byte") }
    return SecretBytes(copying: passphrase)
  }
}

/// Overwrites what held the passphrase; `explicit_bzero` is never optimised away.
private func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
  if let address = buffer.baseAddress { explicit_bzero(address, buffer.count) }
}
