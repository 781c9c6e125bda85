/// Bytes that must not be copied, printed or kept: a private key, a passphrase, a client secret.
///
/// Guarantee: the bytes live in one allocation that is overwritten before it is freed, in `SecretMemory` while that has
/// room. There is no `description`, no `Codable`, no subscript; they are read only inside `withUnsafeBytes`. What a C
/// library or a JSON parser copied before or after is not wiped (protocol/SECURITY.md).
package struct SecretBytes: ~Copyable, @unchecked Sendable {
  // Sendable although it holds a pointer: the memory is written only in the initialisers and in `deinit`, and a
  // non-copyable value has one owner.
  private let memory: UnsafeMutableRawBufferPointer
  /// Nil for ordinary memory.
  private let release: SecretMemory.Release?

  /// Copies `bytes`; wiping the source is the caller's part.
  package init(copying bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
  }

  /// Copies `bytes`; wiping the source is the caller's part.
  package init(copying bytes: UnsafeRawBufferPointer) {
    self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
  }

  /// `count` bytes that `body` writes where they stay; there is no second copy.
  package init(count: Int, initializing body: (UnsafeMutableRawBufferPointer) -> Void) {
    let size = max(count, 1)
    if let (pointer, release) = SecretMemory.allocate(size) {
      memory = UnsafeMutableRawBufferPointer(start: pointer, count: size)
      self.release = release
    } else {
      memory = .allocate(byteCount: size, alignment: 1)
      release = nil
    }
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    self.count = count
    body(UnsafeMutableRawBufferPointer(rebasing: memory.prefix(count)))
  }

  deinit {
    overwrite(memory)
    if let release, let pointer = memory.baseAddress { release(pointer) } else { memory.deallocate() }
  }

  package let count: Int

  /// The bytes, valid inside `body` only. Nothing derived from the pointer may leave it.
  package borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(rebasing: memory.prefix(count)))
  }
}

/// Zeroes memory that is about to be freed. Not optimised, so that the compiler cannot see the stores as dead.
@inline(never)
@_optimize(none)
private func overwrite(_ memory: UnsafeMutableRawBufferPointer) {
  for index in memory.indices { memory[index] = 0 }
}
