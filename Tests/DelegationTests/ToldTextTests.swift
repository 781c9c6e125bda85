import Testing

@testable import Delegation

struct ToldTextTests {
  private func told() -> ToldText { ToldText(masking: SentCredentials(jwts: [])) }

  @Test func aPlaceIsCountedInUnicodeScalars() throws {
    var text = told()
    #expect(try text.take("e\u{301}😀\r\n") == [ToldText.Piece(delta: "e\u{301}😀\r\n", offset: 0)])
    #expect(try text.take("") == [])
    #expect(try text.take("x") == [ToldText.Piece(delta: "x", offset: 5)])
    #expect(text.text == "e\u{301}😀\r\nx")
  }

  @Test func aLongPieceIsToldInSeveral() throws {
    var text = told()
    let whole = String(repeating: "😀", count: 40_000)
    let pieces = try text.take(whole)
    #expect(pieces.map(\.offset) == [0, 16_384, 32_768])
    #expect(pieces.map(\.delta).joined() == whole)
    #expect(pieces.allSatisfy { $0.delta.utf8.count <= 64 << 10 })
  }

  @Test func moreThanFitsIsRefused() throws {
    var text = told()
    _ = try text.take(String(repeating: "x", count: ToldText.maximumBytes))
    #expect(throws: EventTooLarge(limit: ToldText.maximumBytes)) { try text.take("x") }
  }

  @Test(arguments: [
    ("", "one", "one"), ("one", "one", ""), ("one", "one two", " two"), ("one", "ont", nil), ("one", "on", nil),
    ("caf\u{e9}", "cafe\u{301}", nil), ("e", "e\u{301}", "\u{301}"),
  ])
  func whatIsMissingOfTheWholeIsTold(_ said: String, _ whole: String, _ rest: String?) throws {
    var text = told()
    _ = try text.take(said)
    let pieces = text.rest(of: whole)
    #expect(pieces?.map(\.delta).joined() == rest)
    if let first = pieces?.first { #expect(first.offset == said.unicodeScalars.count) }
  }
}
