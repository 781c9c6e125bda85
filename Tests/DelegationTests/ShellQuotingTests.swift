import Testing

@testable import Delegation

struct ShellQuotingTests {
  @Test(
    arguments: [
      ("", "''"),
      ("plain", "'plain'"),
      ("it's", #"'it'\''s'"#),
      ("'", #"''\'''"#),
      ("''", #"''\'''\'''"#),
      (#"a\b"#, #"'a\b'"#),
      (#"\'"#, #"'\'\'''"#),
      ("$(x) `y` ${z}", "'$(x) `y` ${z}'"),
      ("a\nb\r\n", "'a\nb\r\n'"),
      ("-x @y", "'-x @y'"),
      // A mark that joins the quote before it, so that Swift sees one Character.
      ("'\u{301}", "''\\''\u{301}'"),
      ("é漢😀\u{7f}\u{1}", "'é漢😀\u{7f}\u{1}'"),
    ] as [(String, String)]
  )
  func quotes(_ text: String, _ quoted: String) throws {
    #expect(Array(try ShellQuoting.quote(text).utf8) == Array(quoted.utf8))
  }

  @Test(
    arguments: [
      ("subject=curtis.feitty", "subject=curtis.feitty"),
      ("", "''"),
      ("a b", "'a b'"),
      ("it's", #"'it'\''s'"#),
      ("~root", "'~root'"),
      ("é", "'é'"),
    ] as [(String, String)]
  )
  func quotesAWordWhereItMust(_ text: String, _ word: String) throws {
    #expect(Array(try ShellQuoting.word(text).utf8) == Array(word.utf8))
  }

  @Test func refusesWhatNoShellCanHold() {
    #expect(throws: ParamsFailure.self) { try ShellQuoting.quote("a\0b") }
    #expect(throws: ParamsFailure.self) { try ShellQuoting.word("\0") }
  }
}
