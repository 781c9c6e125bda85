import Delegation
import Testing

struct SubjectTests {
  @Test(arguments: ["curtis.feitty", "a", "first.last@example.com", "UPPER", String(repeating: "x", count: 256)])
  func takesPrintableASCII(_ text: String) throws {
    #expect(try Subject(text, unicode: false).bytes == Array(text.utf8))
  }

  @Test(arguments: [
    "", "a b", "curtis\r\n", "curtis\n", "\u{0}", "tab\t", "caf\u{e9}", "cafe\u{301}", "\u{7f}",
    String(repeating: "x", count: 257),
  ])
  func refusesEverythingElse(_ text: String) {
    #expect(throws: FieldProblem.self) { try Subject(text, unicode: false) }
  }

  @Test(arguments: ["caf\u{e9}", "\u{4f60}\u{597d}", "curtis.feitty"])
  func takesComposedUnicodeWhereTheProfileSaysSo(_ text: String) throws {
    #expect(try Subject(text, unicode: true).bytes == Array(text.utf8))
  }

  @Test(arguments: ["cafe\u{301}", "a\u{200b}b", "a\u{2028}b", "a\u{a0}b", "a\r\nb", "\u{202e}x"])
  func refusesOtherUnicode(_ text: String) {
    #expect(throws: FieldProblem.self) { try Subject(text, unicode: true) }
  }

  @Test func twoSpellingsOfOneLetterAreTwoSubjects() throws {
    let composed = try Subject("caf\u{e9}", unicode: true)
    #expect("caf\u{e9}" == "cafe\u{301}", "Swift says they are one String, which is why subjects are bytes")
    #expect(composed.bytes != Array("cafe\u{301}".utf8))
  }
}
