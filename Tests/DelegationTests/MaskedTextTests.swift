import TestSupport
import Testing

@testable import Delegation

struct MaskedTextTests {
  private static let signature = "c2lnbmF0dXJlLW9mLW5vYm9keS1pbi1wYXJ0aWN1bGFy"
  private static let credentials = SentCredentials(jwts: ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.\(signature)"])

  private func told(_ pieces: [String]) -> String {
    var text = MaskedText(Self.credentials)
    return pieces.map { text.append($0) }.joined() + text.finish()
  }

  private static let texts = [
    "", "Hello.", "Grüße 😀", signature, "before \(signature) after", "\(signature)-\(signature)",
    "a \(signature.prefix(16)) and \(signature.suffix(20)), or \(signature.prefix(15)) alone",
    "\(signature.prefix(15))!\(signature)", "\(signature)\(signature.suffix(20))",
    "c2ln c2lnb c2lnbm c2lnbmF0 c2lnbmF0dXJlLW9",
  ]

  @Test(arguments: texts)
  func inOnePieceItIsMaskedAsAnAnswerIs(_ text: String) {
    #expect(told([text]) == String(decoding: Self.credentials.masked(Array(text.utf8)), as: UTF8.self))
  }

  /// Up to three characters of what was cut may be told, and no piece that would be masked in one.
  @Test(arguments: texts)
  func noCutTellsMore(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    for end in 0...scalars.count {
      check([String(scalars[..<end]), String(scalars[end...])], of: text)
    }
    check(scalars.map { String($0) }, of: text)
  }

  @Test(arguments: 0..<200)
  func noManyCutsTellMore(_ seed: Int) {
    var random = SeededRandom(seed)
    let text = Self.texts[random.next(Self.texts.count)]
    var pieces = [""]
    for scalar in text.unicodeScalars {
      if random.next(3) == 0 { pieces.append("") }
      pieces[pieces.count - 1].unicodeScalars.append(scalar)
    }
    check(pieces, of: text)
  }

  private func check(_ pieces: [String], of text: String) {
    let told = told(pieces)
    #expect(Self.credentials.masked(Array(told.utf8)) == Array(told.utf8), "\(pieces)")
    let whole = self.told([text])
    guard told != whole else { return }
    #expect(whole.contains("[masked]"), "\(pieces)")
    let (some, all) = (told.components(separatedBy: "[masked]"), whole.components(separatedBy: "[masked]"))
    #expect(some.count == all.count, "\(pieces)")
    for (one, other) in zip(some, all) {
      #expect(one.hasPrefix(other), "\(pieces)")
      #expect(one.count - other.count < 4, "\(pieces)")
    }
  }

  @Test func ordinaryTextIsToldAtOnce() {
    var text = MaskedText(Self.credentials)
    for word in ["The ", "invoice", " of", " 3", " May", ", and", " c2l"] { #expect(text.append(word) == word) }
  }

  @Test func anEndThatMayGoOnIsHeldBack() {
    var text = MaskedText(Self.credentials)
    #expect(text.append("see c2lnbmF0") == "see ")
    #expect(text.append("dXJlL") == "")
    #expect(text.append("!") == "c2lnbmF0dXJlL!")
    #expect(text.append("c2lnbmF0dXJlL") == "")
    #expect(text.append("W9mLW5vYm9keS1pbi1wYXJ0aWN1") == "[masked]")
    #expect(text.append("bGFy.") == ".")
    #expect(text.append("c2lnb") == "")
    #expect(text.finish() == "c2lnb")
  }
}

extension String {
  fileprivate init(_ scalars: some Sequence<Unicode.Scalar>) {
    self.init()
    unicodeScalars.append(contentsOf: scalars)
  }

  fileprivate func components(separatedBy mark: String) -> [Substring] {
    split(separator: mark, omittingEmptySubsequences: false)
  }
}
