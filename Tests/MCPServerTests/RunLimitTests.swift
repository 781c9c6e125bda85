import TestSupport
import Testing

@testable import MCPServer

@Suite struct RunLimitTests {
  @Test func anyMinuteHoldsSoMany() throws {
    let clock = ManualClock()
    let limit = RunLimit(perMinute: 2, of: "runs were started", clock: clock)
    try limit.take()
    clock.advance(by: .milliseconds(40_500))
    try limit.take()
    let refusal = #expect(throws: ToolFailure.self) { try limit.take() }
    #expect(refusal?.kind == "too_many_requests" && refusal?.retryAfterMs == 20_000 && refusal?.isRetryable == true)
    #expect(refusal?.hint == "Nothing was done. Try again in 20 seconds.")
    clock.advance(by: .milliseconds(19_500))
    // The first has left the window; the second stays for another 40.5 seconds.
    try limit.take()
    #expect(throws: ToolFailure.self) { try limit.take() }
    clock.advance(by: .seconds(41))
    try limit.take()
  }
}
