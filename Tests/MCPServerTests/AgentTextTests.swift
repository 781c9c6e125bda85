import JSON
import TestSupport
import Testing

@testable import MCPServer

@Suite struct AgentTextTests {
  @Test(
    arguments: [
      ("plain\ttext\r\nin lines, größer, 漢字 👍🏽", nil),
      ("\u{1B}[2Jgone", "\u{FFFD}[2Jgone"),
      ("a\u{0}b\u{7F}c\u{9B}d", "a\u{FFFD}b\u{FFFD}c\u{FFFD}d"),
      ("pay \u{202E}71 eciovni", "pay \u{FFFD}71 eciovni"),
      ("pay\u{E0100}\u{E01EF}\u{FE00} 1", "pay\u{FFFD}\u{FFFD}\u{FFFD} 1"),
      ("1\u{3164}7\u{AD}\u{2800}", "1\u{FFFD}7\u{FFFD}\u{FFFD}"),
      ("one\u{2028}two\u{2029}", "one\u{FFFD}two\u{FFFD}"),
      ("می\u{200C}خواهم 👩\u{200D}🌾 ❤\u{FE0F}", nil),
      ("\u{E0041}\u{E0070}hidden\u{200B}", "\u{FFFD}\u{FFFD}hidden\u{FFFD}"),
    ] as [(String, String?)]
  ) func whatHidesOrSteersIsReplaced(text: String, cleaned: String?) {
    #expect(AgentText.clean(text).utf8.elementsEqual((cleaned ?? text).utf8))
  }

  @Test func namesOfMembersAreCleanedToo() {
    let cleaned = AgentText.clean(["a\u{1B}": [["b\u{202E}": "c\u{0}"], 1, true, nil]])
    #expect(cleaned == ["a\u{FFFD}": [["b\u{FFFD}": "c\u{FFFD}"], 1, true, nil]])
  }

  @Test func whatIsTooLargeIsCutAtAWholeCharacter() {
    let (text, isTruncated) = AgentText.output(.string(String(repeating: "ü", count: 10)), maximumBytes: 9)
    #expect(text == .string("üüüü") && isTruncated)
    let (whole, isCut) = AgentText.output(["amount": .number(JSONNumber(validated: "12345678901234567.89"))])
    #expect(whole.serialized() == Array(#"{"amount":12345678901234567.89}"#.utf8) && !isCut)
    let (object, isCutToo) = AgentText.output(["name": .string(String(repeating: "x", count: 100))], maximumBytes: 20)
    #expect(object == .string(#"{"name":"xxxxxxxxxxx"#) && isCutToo)
  }

  /// Whatever comes: bounded, valid, and nothing hostile left.
  @Test func anythingIsMadeFit() {
    var random = SeededRandom(11)
    for _ in 0..<2000 {
      let text = String(decoding: (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }, as: UTF8.self)
      let cleaned = AgentText.clean(text)
      #expect(cleaned.unicodeScalars.count == text.unicodeScalars.count)
      #expect(AgentText.clean(cleaned) == cleaned)
      let prefix = AgentText.prefix(of: cleaned, bytes: Int.random(in: 0...50, using: &random))
      #expect(cleaned.utf8.starts(with: prefix.utf8) && prefix.utf8.count <= 50)
    }
  }
}
