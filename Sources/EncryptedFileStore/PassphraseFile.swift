package import Delegation

/// A passphrase in the first and only line of a guarded file.
package struct PassphraseFile: Sendable {
  private static let maximumBytes = 1024

  private let file: StoreFile

  package init(_ file: any GuardedFile) { self.file = StoreFile(file: file) }

  /// The content without its last line break. It is read anew each time it is needed; the copy that reading makes is not
  /// wiped.
  package func passphrase(deadline: ContinuousClock.Instant) throws(StoreFailure) -> SecretBytes {
    let path = file.file.path
    guard let content = try file.read(deadline: deadline) else {
      throw .unavailable(.noPassphrase, found: "there is no file \(path)")
    }
    guard content.bytes.count <= Self.maximumBytes else {
      throw .unavailable(.noPassphrase, found: "\(path) is longer than \(Self.maximumBytes) bytes")
    }
    var line = content.bytes[...]
    if line.last == UInt8(ascii: "\n") { line.removeLast() }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard !line.isEmpty, !line.contains(UInt8(ascii: "\n")) else {
      throw .unavailable(.noPassphrase, found: "\(path) is not one line with a passphrase")
    }
    return SecretBytes(copying: line)
  }
}
