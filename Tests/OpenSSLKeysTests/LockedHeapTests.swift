import COpenSSL
import Delegation
import Foundation
import OpenSSLKeys
import Synchronization
import TestSupport
import Testing

/// Shared by threads.
private final class Count: Sendable { let value = Atomic(0) }

/// Gives a secret a place in an array.
private final class Kept {
  let secret: SecretBytes
  init(_ number: UInt8) { secret = SecretBytes(copying: [UInt8](repeating: number, count: 16 << 10)) }
}

@Suite struct LockedHeapTests {
  let keys = OpenSSLSigningKeys()

  /// Each on a thread of its own: OpenSSL keeps something for every thread that signs.
  @Test func sixtyFourThreadsSignAtOnceWithSeveralKeys() throws {
    let open = try (0..<8).map { _ in try keys.open(pem: SecretBytes(copying: RFC7515Example.pem())) }
    let message = Array("message".utf8)
    let expected = try open[0].signRS256(message)
    let (start, end) = (Barrier(64), Barrier(65))
    let right = Count()
    for number in 0..<64 {
      let key = open[number % open.count]
      Thread {
        start.arriveAndWait()
        for _ in 0..<4 where (try? key.signRS256(message)) == expected { right.value.add(1, ordering: .relaxed) }
        end.arrive()
      }.start()
    }
    end.arriveAndWait()
    #expect(right.value.load(ordering: .relaxed) == 256)
  }

  /// Moved or freed: what was there is gone, but for the first bytes, where the allocator keeps its lists. In a process of
  /// its own, for OpenSSL takes its allocator at its start only.
  @Test func whatOpenSSLGivesBackIsOverwritten() async {
    await #expect(processExitsWith: .success) {
      OpenSSL.start()
      let memory = try #require(FileHandle(forReadingAtPath: "/proc/self/mem"))
      var block = try #require(CRYPTO_malloc(4096, #fileID, #line))
      for isMoved in [true, false] {
        block.initializeMemory(as: UInt8.self, repeating: 0xA5, count: 4096)
        let place = UInt64(UInt(bitPattern: block))
        if isMoved {
          block = try #require(CRYPTO_realloc(block, 8192, #fileID, #line))
          #expect(UnsafeRawBufferPointer(start: block, count: 4096).allSatisfy { $0 == 0xA5 })
        } else {
          CRYPTO_free(block, #fileID, #line)
        }
        try memory.seek(toOffset: place + 64)
        let left = try #require(try memory.read(upToCount: 4032))
        #expect(left.allSatisfy { $0 != 0xA5 })
      }
    }
  }

  /// More than a ring ever holds, in a heap that is full at last: an error that says so, and room again afterwards.
  @Test func aFullHeapIsToldAndNotLastingly() throws {
    let pem = SecretBytes(copying: try RFC7515Example.pem())
    let full = KeyFailure.failed(operation: "opening a key: the locked memory is full")
    var open: [any SigningKey] = []
    #expect(throws: full) {
      while open.count < 4096 { open.append(try keys.open(pem: pem)) }
    }
    #expect(open.count > 128)
    for key in [open[0], open[open.count - 1]] { #expect(try key.signRS256([]).count == 256) }
    open = []
    #expect(try keys.open(pem: pem).signRS256([]).count == 256)
  }

  /// What has no room lies in ordinary memory. Keys have room of their own.
  @Test func secretsThatFillItTakeNothingFromKeys() throws {
    let kept = (0..<200).map { Kept($0) }
    let key = try keys.open(pem: SecretBytes(copying: RFC7515Example.pem()))
    #expect(try key.signRS256([]).count == 256)
    for (number, kept) in kept.enumerated() {
      #expect(kept.secret.withUnsafeBytes { $0.allSatisfy { $0 == UInt8(number) } })
    }
  }
}
