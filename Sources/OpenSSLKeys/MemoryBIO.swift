import COpenSSL
import Delegation

/// OpenSSL's stream over memory, owned. A writable one overwrites its bytes before it frees them (`BUF_MEM_free`).
struct MemoryBIO: ~Copyable {
  let pointer: OpaquePointer  // BIO

  /// An empty stream to write to.
  init() throws(KeyFailure) {
    guard let pointer = BIO_new(BIO_s_mem()) else { throw OpenSSL.failure("allocating memory") }
    self.pointer = pointer
  }

  /// A stream that reads `bytes` in place, without a copy; they must outlive it.
  init(reading bytes: UnsafeRawBufferPointer) throws(KeyFailure) {
    guard let length = Int32(exactly: bytes.count), let pointer = BIO_new_mem_buf(bytes.baseAddress, length) else {
      throw OpenSSL.failure("reading from memory")
    }
    self.pointer = pointer
  }

  deinit { BIO_free(pointer) }

  /// What was written, valid inside `body` only.
  borrowing func withContents<Result: ~Copyable>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    var start: UnsafeMutablePointer<CChar>?
    let length = onbehalf_bio_contents(pointer, &start)
    return body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : length))
  }
}

/// The DER that one of OpenSSL's `i2d_` functions writes.
func der(_ operation: String, _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32)
  throws(KeyFailure) -> [UInt8]
{
  let length = encode(nil)
  guard length > 0 else { throw OpenSSL.failure(operation) }
  return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
    var end = buffer.baseAddress
    count = Int(encode(&end))
  }
}
