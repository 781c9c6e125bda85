import Testing

@testable import Delegation

struct PatternTests {
  @Test(arguments: [
    ("curtis.feitty", "curtis.feitty", true),
    ("curtis.feitty", "Curtis.feitty", false),
    ("curtis.feitty", "curtisXfeitty", false),
    ("*", "", true),
    ("*", "anybody", true),
    ("ap.*", "ap.clerk", true),
    ("ap.*", "ap.", true),
    ("ap.*", "xap.clerk", false),
    ("*.clerk", "ap.clerk", true),
    ("*.clerk", "ap.clerks", false),
    ("a*b*c", "abc", true),
    ("a*b*c", "aXbYbZc", true),
    ("a*b*c", "acb", false),
    ("ab*ba", "aba", false),
    ("a**b", "ab", true),
    ("[a-z]?", "[a-z]?", true),
    ("[a-z]?", "ab", false),
    ("", "", true),
    ("", "a", false),
  ])
  func matchesByteByByte(_ pattern: String, _ text: String, _ expected: Bool) {
    #expect(Pattern(pattern).matches(Array(text.utf8)) == expected)
  }

  @Test func manyStarsAreNotSlow() {
    let pattern = Pattern(String(repeating: "*a", count: 100) + "*b")
    #expect(!pattern.matches([UInt8](repeating: UInt8(ascii: "a"), count: 256)))
  }

  @Test(arguments: [("admin", "Admin", true), ("ADMIN*", "administrator", true), ("admin", "admins", false)])
  func denyPatternsFoldCase(_ pattern: String, _ text: String, _ expected: Bool) {
    #expect(Pattern(pattern).matches(folded: Array(text.lowercased().utf8)) == expected)
  }

  /// The standard library's regular expressions, `*` as `.*` and all else quoted, are the reference.
  @Test func agreesWithRegularExpressions() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      let pattern = word("abA.*", 0...7, &random)
      let text = word("abAB.", 0...9, &random)
      let bytes = Array(text.utf8)
      let quoted = pattern.map { $0 == "*" ? ".*" : $0 == "." ? "\\." : String($0) }.joined()
      let exact = try Regex(quoted)
      #expect(Pattern(pattern).matches(bytes) == (text.wholeMatch(of: exact) != nil), "\(pattern) \(text)")
      let folding = exact.ignoresCase()
      let folded = Array(text.lowercased().utf8)
      #expect(Pattern(pattern).matches(folded: folded) == (text.wholeMatch(of: folding) != nil), "\(pattern) \(text)")
    }
  }

  private func word(_ alphabet: String, _ length: ClosedRange<Int>, _ random: inout some RandomNumberGenerator)
    -> String
  {
    String((0..<Int.random(in: length, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) })
  }

  @Test func asciiSubjectsFoldAsTextDoes() throws {
    let text = String(decoding: (0x21...0x7e).map { UInt8($0) }, as: UTF8.self)
    #expect(try Subject(text, unicode: false).folded == Array(text.lowercased().utf8))
    #expect(try Subject("ÉCOLE", unicode: true).folded == Array("école".utf8))
  }
}
