import Delegation
import Dispatch
import Glibc
import Testing

@testable import SecretServiceStore

@Suite struct CallLaneTests {
  @Test func runsCallsInOrderOnOneThread() async throws {
    let lane = CallLane()
    let busy = Handover<Bool>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<100 {
        group.addTask {
          try await lane.run(deadline: .soon) { _, _ in
            #expect(busy.take() == nil)
            busy.put(true)
            sched_yield()
            #expect(busy.take() == true)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// A call that does not even heed its cancellation keeps its thread, not the line.
  @Test func leavesAStuckThreadBehind() async throws {
    let lane = CallLane(grace: .milliseconds(50))
    let release = DispatchSemaphore(value: 0)
    await #expect(throws: StoreFailure.timedOut(writing: false)) {
      try await lane.run(deadline: .now + .milliseconds(30)) { _, _ in release.wait() }
    }
    let answer = Handover<String>()
    try await lane.run(deadline: .soon) { _, _ in answer.put("ran") }
    #expect(answer.take() == "ran")
    release.signal()
    try await lane.run(deadline: .soon) { _, _ in }
  }

  @Test func doesNotStartWhatNobodyWaitsForAnyMore() async throws {
    let lane = CallLane()
    let release = DispatchSemaphore(value: 0)
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    async let first: Void = lane.run(deadline: .soon) { _, _ in
      begin.finish()
      release.wait()
    }
    for await _ in begun {}
    await #expect(throws: StoreFailure.timedOut(writing: false)) {
      try await lane.run(deadline: .now + .milliseconds(30)) { _, _ in Issue.record("was begun") }
    }
    release.signal()
    try await first
    try await lane.run(deadline: .soon) { _, _ in }
  }

  /// Whichever comes first, the deadline or the call: there is one answer.
  @Test func answersOnceWhenBothComeTogether() async throws {
    let lane = CallLane()
    for round in 0..<500 {
      do throws(StoreFailure) {
        try await lane.run(deadline: .now + .microseconds(round)) { _, _ in }
      } catch {
        #expect(error == .timedOut(writing: false))
      }
    }
    try await lane.run(deadline: .soon) { _, _ in }
  }

  @Test func saysWhetherSomethingMayHaveBeenWritten() async throws {
    let lane = CallLane()
    let release = DispatchSemaphore(value: 0)
    await #expect(throws: StoreFailure.timedOut(writing: true)) {
      try await lane.run(deadline: .now + .milliseconds(30)) { (_, call) throws(StoreFailure) in
        try call.beginWriting()
        release.wait()
      }
    }
    release.signal()
    let late = Handover<StoreFailure>()
    await #expect(throws: StoreFailure.timedOut(writing: false)) {
      try await lane.run(deadline: .now + .milliseconds(30)) { (_, call) throws(StoreFailure) in
        release.wait()
        do throws(StoreFailure) { try call.beginWriting() } catch { late.put(error) }
      }
    }
    release.signal()
    try await lane.run(deadline: .soon) { _, _ in }
    #expect(late.take() == .timedOut(writing: false))
  }
}
