import Delegation
import Testing

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
    #expect(Pattern(pattern).matchesFoldingCase(text) == expected)
  }

  /// A pattern made from a text by putting stars in the place of runs always matches that text.
  @Test func agreesWithASlowMatcher() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in "ab*".randomElement() ?? "a" }
      let text = (0..<Int.random(in: 0...8, using: &random)).map { _ in "ab".randomElement() ?? "a" }
      let expected = slowMatch(pattern[...], text[...])
      #expect(Pattern(String(pattern)).matches(Array(String(text).utf8)) == expected, "\(pattern) \(text)")
    }
  }

  private func slowMatch(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "*" {
      return slowMatch(pattern.dropFirst(), text) || (!text.isEmpty && slowMatch(pattern, text.dropFirst()))
    }
    return text.first == first && slowMatch(pattern.dropFirst(), text.dropFirst())
  }
}
