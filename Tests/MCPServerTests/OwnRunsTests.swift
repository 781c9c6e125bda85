import Testing

@testable import MCPServer

@Suite struct OwnRunsTests {
  private let runs = OwnRuns(limit: 10)

  private func note(_ jobId: String, in conversationId: String? = nil) {
    runs.note(OwnRuns.Run(agent: "A", jobId: jobId, conversationId: conversationId))
  }

  private func refusal(_ conversationId: String) -> OwnRuns.Refusal? {
    do throws(OwnRuns.Refusal) {
      runs.giveBack(try runs.claim(conversationId), isUncertain: false)
      return nil
    } catch { return error }
  }

  @Test func othersAreUnknown() {
    note("1", in: "c")
    #expect(runs["1"]?.conversationId == "c" && runs["2"] == nil)
    #expect(refusal("c") == nil)
    #expect(refusal("d") == .unknown)
  }

  @Test func oneWritesAtATime() throws {
    note("1", in: "c")
    let claim = try runs.claim("c")
    #expect(claim.run.jobId == "1")
    #expect(refusal("c") == .busy)
    runs.giveBack(claim, isUncertain: false)
    #expect(refusal("c") == nil)
  }

  /// A run may wait in it that nobody can look at.
  @Test func aConversationWithAnUnknownRunIsClosedForGood() throws {
    note("1", in: "c")
    runs.giveBack(try runs.claim("c"), isUncertain: true)
    #expect(refusal("c") == .uncertain)
    note("1", in: "c")
    #expect(refusal("c") == .uncertain)
  }

  @Test func theLastRunOfAConversationIsTheNewest() throws {
    note("1", in: "c")
    note("2", in: "c")
    // What is heard of the older one changes nothing.
    note("1", in: "c")
    #expect(try runs.claim("c").run.jobId == "2")
    #expect(!runs.isLast("1") && runs.isLast("2"))
  }

  @Test func aConversationMayBecomeKnownLater() {
    note("1")
    #expect(refusal("c") == .unknown && runs.isLast("1"))
    note("1", in: "c")
    #expect(refusal("c") == nil)
    note("1")
    #expect(runs["1"]?.conversationId == "c")
  }

  /// A run that was heard of late is no later one.
  @Test func theLastRunIsTheOneBegunLast() throws {
    note("1")
    note("2", in: "c")
    note("1", in: "c")
    #expect(try runs.claim("c").run.jobId == "2")
    #expect(!runs.isLast("1") && runs.isLast("2"))
  }

  /// One conversation under two names is written to by one call at a time, too.
  @Test func aConversationMayBeNamedAnew() throws {
    note("1", in: "c")
    note("1", in: "d")
    #expect(runs["1"]?.conversationId == "d" && runs.isLast("1"))
    let claim = try runs.claim("c")
    #expect(refusal("d") == .busy)
    runs.giveBack(claim, isUncertain: true)
    #expect(refusal("c") == .uncertain && refusal("d") == .uncertain)
  }

  @Test func newNamesHaveAnEnd() {
    for number in 0..<100 { note("1", in: "c\(number)") }
    #expect((0..<100).count { refusal("c\($0)") == nil } == 4)
    #expect(!runs.isLast("1"))
  }

  @Test func theOldestAreForgottenAndRefused() {
    for number in 0..<100 { note("\(number)", in: "c\(number)") }
    #expect(runs["0"] == nil && refusal("c0") == .unknown)
    #expect(runs["99"] != nil && refusal("c99") == nil)
    #expect((0..<100).count { runs["\($0)"] != nil } <= 10)
  }
}
