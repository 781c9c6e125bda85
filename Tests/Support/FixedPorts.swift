package import Delegation
import Synchronization

/// A wall clock that a test sets.
package final class FixedWallClock: WallClock {
  private let time: Mutex<UnixTime>

  package init(_ time: UnixTime = UnixTime(seconds: 1_700_000_000)) { self.time = Mutex(time) }

  package func now() -> UnixTime { time.withLock(\.self) }
  package func advance(bySeconds seconds: Int64) { time.withLock { $0 = $0.advanced(bySeconds: seconds) } }
}

/// Random bytes that a test can foretell: 0, 1, 2, …
package final class CountingRandomness: Randomness {
  private let next = Mutex<UInt8>(0)

  package init() {}

  package func bytes(_ count: Int) -> [UInt8] {
    next.withLock { next in
      (0..<count).map { _ in
        defer { next &+= 1 }
        return next
      }
    }
  }
}

/// A digest of 32 bytes that needs no library, and that nobody could not forge.
package struct FoldedDigests: Digests {
  package init() {}

  package func sha256(_ bytes: [UInt8]) -> [UInt8] {
    (0..<4).flatMap { lane -> [UInt8] in
      // FNV-1a, begun at another place in each lane.
      let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 &+ UInt64(lane)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
      return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (UInt64($0) * 8)) }
    }
  }
}

/// A digest that a test can read: the bytes themselves.
package struct PlainDigests: Digests {
  package init() {}
  package func sha256(_ bytes: [UInt8]) -> [UInt8] { bytes }
}
