import Foundation
import HostProcess
import Testing

@Suite struct ParentWatchTests {
  @Test func theEndOfAWatchedProcessIsTold() async throws {
    let (deaths, death) = AsyncStream.makeStream(of: Int32.self)
    let watch = try ParentWatch { death.yield($0) }
    let child = try Probe("signals")
    #expect(child.nextLine() == "ready")
    #expect(watch.watchParent())
    #expect(watch.watch(child.processIdentifier))
    #expect(watch.watch(child.processIdentifier), "twice is once")
    kill(child.processIdentifier, SIGKILL)
    for await process in deaths {
      #expect(process == child.processIdentifier)
      break
    }
    #expect(!watch.watch(getppid()), "it has done its work")
  }

  @Test func whatCannotBeSeenIsNotWatched() throws {
    let watch = try ParentWatch { _ in Issue.record("nobody has died") }
    defer { watch.stop() }
    for process in [0, -1, getpid(), Int32.max] { #expect(!watch.watch(process)) }
  }
}
