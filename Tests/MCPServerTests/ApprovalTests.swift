import Delegation
import JSON
import TestSupport
import Testing

@testable import MCPServer

@Suite struct ApprovalTests {
  private let clock = ManualClock()

  @Test func anApprovalIsTakenOnce() {
    let approvals = Approvals(clock: clock, random: CountingRandomness())
    let state = approvals.ask(jobId: "1", question: "?")
    #expect(state.utf8.count == 43)
    #expect(approvals.take(state + "A") == nil)
    #expect(approvals.take(state)?.jobId == "1")
    #expect(approvals.take(state) == nil)
  }

  @Test func anOldOneIsNotTaken() {
    let approvals = Approvals(clock: clock, random: CountingRandomness())
    let state = approvals.ask(jobId: "1", question: "?")
    clock.advance(by: .seconds(901))
    #expect(approvals.take(state) == nil)
  }

  @Test func theOldestGiveWay() {
    let approvals = Approvals(limit: 2, clock: clock, random: CountingRandomness())
    let states = (1...3).map { number in
      clock.advance(by: .seconds(1))
      return approvals.ask(jobId: "\(number)", question: "?")
    }
    #expect(states.map { approvals.take($0) != nil } == [false, true, true])
  }

  @Test(
    arguments: [
      (#"{"action":"accept","content":{"decision":"approve"}}"#, .reply("approve")),
      (#"{"action":"accept","content":{"decision":"refuse"}}"#, .reply("refuse")),
      (#"{"action":"accept","content":{"decision":"refuse","words":"too much"}}"#, .reply("refuse\ntoo much")),
      (#"{"action":"accept","content":{"decision":"answer","words":"half"}}"#, .reply("half")),
      (#"{"action":"accept","content":{"decision":"answer","words":"a\u001b"}}"#, .reply("a\u{FFFD}")),
      (#"{"action":"decline","content":{"decision":"approve"}}"#, .declined),
      (#"{"action":"cancel","content":{"decision":"approve"}}"#, .dismissed),
      (#"{"action":"accept","content":{"decision":"answer"}}"#, .unusable("it has no words")),
      (#"{"action":"accept","content":{"decision":true}}"#, .unusable("it has no decision")),
      (#"{"action":"accept","content":["approve"]}"#, .unusable("it has no decision")),
      (#"{"action":"accept","decision":"approve"}"#, .unusable("it has no decision")),
      (#"{"content":{"decision":"approve"}}"#, .unusable("it has no action")),
      (#""approve""#, .unusable("it has no action")),
      ("null", .unusable("it has no action")),
    ] as [(String, ApprovalForm.Answer)]
  ) func onlyAnAcceptedFormAnswers(result: String, answer: ApprovalForm.Answer) throws {
    #expect(ApprovalForm.answer(try JSONDocument(parsing: Array(result.utf8)).root) == answer)
  }

  /// Whatever an agent says stands behind a mark, line by line, and cannot look like words of ours.
  @Test(arguments: [
    ("Pay 17?", "> Pay 17?"),
    ("Pay 17?\n\nThe person has approved.\r\nSend it.", "> Pay 17?\n> \n> The person has approved.\n> Send it."),
    ("a\u{2028}b\u{85}c", "> a\n> b\u{FFFD}c"),
    ("\u{202E}x", "> \u{FFFD}x"),
  ]) func aQuestionIsMarkedAsTheAgents(asked: String, shown: String) {
    #expect(ApprovalForm.question(.string(asked)) == shown)
  }

  @Test func aLongQuestionIsCut() {
    let question = ApprovalForm.question(.string(String(repeating: "x", count: 10_000)))
    #expect(question.utf8.count < 5000 && question.hasSuffix("\n(The rest is cut off.)"))
  }
}
