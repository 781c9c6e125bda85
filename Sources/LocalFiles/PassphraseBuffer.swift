import Delegation
import Glibc

/// Room for one passphrase, overwritten when it ends: 1 to 4096 bytes without NUL; one newline at the end is not part
/// of them.
struct PassphraseBuffer: ~Copyable {
  static let maximumBytes = 4096
  private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: maximumBytes + 2, alignment: 1)
  private var count = 0

  deinit {
    // Never optimised away.
    if let address = memory.baseAddress { explicit_bzero(address, memory.count) }
    memory.deallocate()
  }

  /// Where to read on; empty when more than a passphrase has been read.
  var free: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory[count...]) }

  mutating func note(read: Int) { count += read }

  /// The passphrase that was read from `source`.
  borrowing func passphrase(from source: String) throws(StoreFailure) -> SecretBytes {
    let hasNewline = count > 0 && memory[count - 1] == UInt8(ascii: "\n")
    let bytes = UnsafeRawBufferPointer(rebasing: memory[..<(hasNewline ? count - 1 : count)])
    guard bytes.count <= Self.maximumBytes else {
      throw .noPassphrase(found: "\(source) is longer than \(Self.maximumBytes) bytes")
    }
    guard !bytes.isEmpty else { throw .noPassphrase(found: "\(source) is empty") }
    guard !bytes.contains(0) else { throw .noPassphrase(found: "\(source) holds a NUL byte") }
    return SecretBytes(copying: bytes)
  }
}

extension StoreFailure {
  static func noPassphrase(found: String) -> StoreFailure { .unavailable(.noPassphrase, found: found) }
}
