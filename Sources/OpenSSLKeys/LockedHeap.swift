import COpenSSL
import Delegation
import Glibc
import Synchronization

/// OpenSSL's secure heap (OPENSSL_secure_malloc(3)), and what else keeps private keys out of ordinary memory.
///
/// The heap lies between guard pages, is kept from swap and core dumps, and zeroes what is freed. OpenSSL puts the
/// numbers of a private key there by itself, but not what it derives from them, above all the Montgomery forms of the
/// primes, which stay with the key. They go there too, because `holding` says so to the functions through which OpenSSL
/// allocates. These also zero all ordinary memory that OpenSSL frees: a signature leaves nothing behind.
///
/// Sizes, as measured with OpenSSL 3.0: an open key takes 5 KiB at 2048 bits and 9 KiB at 4096, of which 1 and 2 KiB
/// are its numbers; a first signature 8 to 16 KiB while it is made, a thread that has signed 0.5 KiB.
enum LockedHeap {
  /// Room for twice the 64 keys that a `KeyRing` holds, and the secrets. Only pages that are touched are resident.
  static let capacity = 2 << 20
  /// OpenSSL fails where it finds no room for the numbers of a key. So what may lie elsewhere leaves it a quarter: 64
  /// keys and 512 threads.
  private static let sharedCapacity = capacity / 4 * 3
  /// What `SecretBytes` may take of that.
  private static let secretCapacity = 256 << 10

  private static let secretsUsed = Atomic<Int>(0)
  /// Set in a thread that is inside `holding`.
  private static let marker: pthread_key_t? = {
    var key = pthread_key_t()
    return pthread_key_create(&key, nil) == 0 ? key : nil
  }()

  /// Before OpenSSL has allocated anything. Returns what the system refused, one sentence each.
  static func install() -> [String] {
    var refusals: [String] = []
    if CRYPTO_set_mem_functions(allocate, reallocate, release) != 1 {
      refusals.append("OpenSSL was in use before it was started: what it frees is not overwritten")
    }
    switch CRYPTO_secure_malloc_init(capacity, 16) {
    case 1: break
    case 0: refusals.append("the system refused the memory for private keys: they lie in ordinary memory")
    default:
      refusals.append(
        "the system refused to lock \(capacity >> 10) KiB, so private keys may reach the swap: "
          + "allow it with ulimit -l \(capacity >> 10), or LimitMEMLOCK=\(capacity >> 20)M in a systemd unit"
      )
    }
    // Bound now: the first call of a function saves the registers below what is wiped.
    onbehalf_wipe_stack()
    SecretMemory.install(SecretMemory(allocate: allocateSecret, release: releaseSecret))
    return refusals
  }

  /// What this thread allocates through OpenSSL inside `body` lies in the heap while it has room, else in ordinary
  /// memory. What OpenSSL fetches once and keeps for ever does not belong inside.
  static func holding<Result>(_ body: () -> Result) -> Result {
    guard let marker else { return body() }
    pthread_setspecific(marker, UnsafeRawPointer(bitPattern: 1))
    defer { pthread_setspecific(marker, nil) }
    return body()
  }

  /// Runs `body`, which reads or writes a private key, and overwrites what OpenSSL left of it on the stack.
  static func leavingNoTrace<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { onbehalf_wipe_stack() }
    return try body()
  }

  /// Nil outside of `holding`, and when there is no room.
  fileprivate static func allocateIfHeld(_ count: Int) -> UnsafeMutableRawPointer? {
    guard let marker, pthread_getspecific(marker) != nil, hasRoom(for: count) else { return nil }
    // A refusal is an error for OpenSSL's queue, which may have to be allocated itself.
    pthread_setspecific(marker, nil)
    defer { pthread_setspecific(marker, UnsafeRawPointer(bitPattern: 1)) }
    return CRYPTO_secure_malloc(count, #fileID, #line)
  }

  /// Where OpenSSL has no room for a number it fails without saying that this is why.
  static var hasRoomForAKey: Bool {
    CRYPTO_secure_malloc_initialized() == 0 || CRYPTO_secure_used() + (16 << 10) <= capacity
  }

  private static func hasRoom(for count: Int) -> Bool {
    CRYPTO_secure_malloc_initialized() == 1 && CRYPTO_secure_used() + count <= sharedCapacity
  }

  private static func allocateSecret(_ count: Int) -> UnsafeMutableRawPointer? {
    guard hasRoom(for: count), secretsUsed.load(ordering: .relaxed) + count <= secretCapacity,
      let pointer = CRYPTO_secure_malloc(count, #fileID, #line)
    else { return nil }
    secretsUsed.add(CRYPTO_secure_actual_size(pointer), ordering: .relaxed)
    return pointer
  }

  private static func releaseSecret(_ pointer: UnsafeMutableRawPointer) {
    secretsUsed.subtract(CRYPTO_secure_actual_size(pointer), ordering: .relaxed)
    CRYPTO_secure_free(pointer, #fileID, #line)
  }
}

// What OpenSSL allocates with, instead of malloc(3), realloc(3) and free(3) (OPENSSL_malloc(3)).

private func allocate(_ count: Int, _: UnsafePointer<CChar>?, _: Int32) -> UnsafeMutableRawPointer? {
  LockedHeap.allocateIfHeld(count) ?? malloc(count)
}

/// Moves always: what realloc(3) leaves behind is not overwritten.
private func reallocate(
  _ old: UnsafeMutableRawPointer?,
  _ count: Int,
  _ file: UnsafePointer<CChar>?,
  _ line: Int32
) -> UnsafeMutableRawPointer? {
  guard let old else { return allocate(count, file, line) }
  guard count > 0 else {
    release(old, file, line)
    return nil
  }
  guard let new = allocate(count, file, line) else { return nil }
  let size = CRYPTO_secure_allocated(old) == 1 ? CRYPTO_secure_actual_size(old) : malloc_usable_size(old)
  new.copyMemory(from: old, byteCount: min(size, count))
  release(old, file, line)
  return new
}

private func release(_ pointer: UnsafeMutableRawPointer?, _: UnsafePointer<CChar>?, _: Int32) {
  guard let pointer else { return }
  if CRYPTO_secure_allocated(pointer) == 1 { return CRYPTO_secure_free(pointer, #fileID, #line) }
  explicit_bzero(pointer, malloc_usable_size(pointer))
  free(pointer)
}
