package import Delegation

/// A file that holds a passphrase: that of `--passphrase-file`, a mounted secret, a systemd credential.
package struct PassphraseFile: Sendable {
  private let path: String
  private let file: LocalFile

  package init(path: String) {
    self.path = path
    file = LocalFile(path: path, maximumBytes: PassphraseBuffer.maximumBytes + 1, mode: .private)
  }

  /// The passphrase. Read anew each time, so that a mounted secret may be exchanged.
  ///
  /// - Throws: `.unavailable` with `.unsafePermissions` or `.noPassphrase`.
  package func read() throws(StoreFailure) -> SecretBytes {
    var buffer = PassphraseBuffer()
    do throws(FileFailure) {
      guard let file = try file.open() else {
        throw FileFailure.system(found: "there is no \(quoted(path))")
      }
      while !buffer.free.isEmpty {
        let count = try file.read(into: buffer.free)
        guard count > 0 else { break }
        buffer.note(read: count)
      }
    } catch .unsafe(let found) {
      throw .unavailable(.unsafePermissions, found: found)
    } catch {
      throw .noPassphrase(found: error.description)
    }
    return try buffer.passphrase(from: quoted(path))
  }
}
