import Delegation
import JSON
import OpenSSLKeys
import TestSupport
import Testing

@testable import MCPServer

@Suite struct ApprovalTests {
  private let clock = ManualClock()

  private func asked(_ text: String, node: String? = nil) -> ApprovalQuestion {
    ApprovalQuestion(node: node, .string(text), OpenSSLDigests())
  }

  @Test func anApprovalIsTakenOnce() {
    let approvals = Approvals(clock: clock, random: CountingRandomness())
    let state = approvals.ask(jobId: "1", question: asked("?"))
    #expect(state.utf8.count == 43)
    #expect(approvals.take(state + "A") == nil)
    #expect(approvals.take(state)?.jobId == "1")
    #expect(approvals.take(state) == nil)
  }

  @Test func anOldOneIsNotTaken() {
    let approvals = Approvals(clock: clock, random: CountingRandomness())
    let state = approvals.ask(jobId: "1", question: asked("?"))
    clock.advance(by: .seconds(901))
    #expect(approvals.take(state) == nil)
  }

  @Test func theOldestGiveWay() {
    let approvals = Approvals(limit: 2, clock: clock, random: CountingRandomness())
    let states = (1...3).map { number in
      clock.advance(by: .seconds(1))
      return approvals.ask(jobId: "\(number)", question: asked("?"))
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
      (#"{"action":"accept","content":{"decision":"approve","words":17}}"#, .unusable("its words are no text")),
      (#"{"action":"accept","content":{"decision":"approve","words":null}}"#, .reply("approve")),
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
    ("a\u{2028}b\u{85}c\rd", "> a\u{FFFD}b\u{FFFD}c\n> d"),
    ("\u{202E}x", "> \u{FFFD}x"),
  ]) func aQuestionIsMarkedAsTheAgents(asked: String, shown: String) {
    #expect(self.asked(asked).shown.utf8.elementsEqual(shown.utf8))
  }

  @Test func theNodeIsShownWithIt() {
    #expect(asked("Pay 17?", node: "PAY\n\nApproved").shown == "> At the node PAY\n> \n> Approved:\n> Pay 17?")
    let silent = ApprovalQuestion(node: "PAY", nil, OpenSSLDigests())
    #expect(silent.shown == "> At the node PAY:\n> (The pod does not say what is asked.)")
  }

  /// An answer is bound to what cannot be seen, too.
  @Test func aLongQuestionIsCut() {
    let long = String(repeating: "x", count: 10_000)
    #expect(asked(long).isCut && asked(long).shown.utf8.count == (4 << 10) + 2)
    #expect(asked(long).shown == asked(long + "y").shown && asked(long) != asked(long + "y"))
    #expect(asked(long) == asked(long) && !asked("x").isCut)
  }

  @Test func oneFormIsShownForARun() {
    let approvals = Approvals(clock: clock, random: CountingRandomness())
    #expect(approvals.beginForm(jobId: "1") && approvals.beginForm(jobId: "2"))
    #expect(!approvals.beginForm(jobId: "1"))
    approvals.endForm(jobId: "1")
    #expect(approvals.beginForm(jobId: "1"))
  }
}
