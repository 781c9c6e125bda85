import Delegation
import Glibc
import LocalFiles
import Testing

@Test func theWallClockIsTheSystems() {
  let before = Int64(time(nil))
  let now = SystemWallClock().now()
  #expect(now.seconds >= before && now.seconds <= Int64(time(nil)))
}
