package import Delegation
import Glibc

/// The clock of this machine (CLOCK_REALTIME).
package struct SystemWallClock: WallClock {
  package init() {}

  package func now() -> UnixTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UnixTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
