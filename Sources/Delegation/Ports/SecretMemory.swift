import Synchronization

/// Memory that is kept from swap and from core dumps, for `SecretBytes`. Without it, or when it is full, they lie in
/// ordinary memory.
package struct SecretMemory: Sendable {
  package typealias Release = @Sendable (UnsafeMutableRawPointer) -> Void

  private let allocate: @Sendable (Int) -> UnsafeMutableRawPointer?
  private let release: Release

  private static let installed = Mutex<SecretMemory?>(nil)

  /// - Parameters:
  ///   - allocate: nil when there is no room.
  ///   - release: frees what `allocate` gave, from any thread.
  package init(
    allocate: @escaping @Sendable (_ byteCount: Int) -> UnsafeMutableRawPointer?,
    release: @escaping Release
  ) {
    self.allocate = allocate
    self.release = release
  }

  /// Once, at the start of the process.
  package static func install(_ memory: SecretMemory) { installed.withLock { $0 = memory } }

  static func allocate(_ byteCount: Int) -> (UnsafeMutableRawPointer, Release)? {
    guard let memory = installed.withLock(\.self), let pointer = memory.allocate(byteCount) else { return nil }
    return (pointer, memory.release)
  }
}
