import JSON
import Testing

@Suite struct JSONDocumentTests {
  @Test(arguments: [
    ("", 0, JSONError.Problem.unexpectedEnd(expected: .value)),
    ("  ", 2, .unexpectedEnd(expected: .value)),
    ("[1,]", 3, .unexpectedByte(0x5D, expected: .value)),
    ("[1 2]", 3, .unexpectedByte(0x32, expected: .commaOrBracket)),
    ("[1", 2, .unexpectedEnd(expected: .commaOrBracket)),
    ("{\"a\":1,}", 7, .unexpectedByte(0x7D, expected: .name)),
    ("{\"a\":1]", 6, .unexpectedByte(0x5D, expected: .commaOrBrace)),
    ("{\"a\" 1}", 5, .unexpectedByte(0x31, expected: .colon)),
    ("{a:1}", 1, .unexpectedByte(0x61, expected: .name)),
    ("1 2", 2, .unexpectedByte(0x32, expected: .endOfText)),
    ("01", 1, .unexpectedByte(0x31, expected: .endOfText)),
    ("-", 1, .unexpectedEnd(expected: .digit)),
    ("+1", 0, .unexpectedByte(0x2B, expected: .value)),
    ("1.e3", 2, .unexpectedByte(0x65, expected: .digit)),
    ("1e+", 3, .unexpectedEnd(expected: .digit)),
    ("nul", 3, .unexpectedEnd(expected: .literal)),
    ("truE", 3, .unexpectedByte(0x45, expected: .literal)),
    ("// a comment\n1", 0, .unexpectedByte(0x2F, expected: .value)),
    ("\"a", 2, .unexpectedEnd(expected: .closingQuote)),
    ("\"a\nb\"", 2, .controlCharacter(0x0A)),
    ("\"\\x\"", 2, .unexpectedByte(0x78, expected: .escape)),
    ("\"\\u12G4\"", 5, .unexpectedByte(0x47, expected: .hexDigit)),
    ("\"\\u12", 5, .unexpectedEnd(expected: .hexDigit)),
    ("\"a\\ud800\"", 2, .loneSurrogate),
    ("\"\\ud800\\n\"", 1, .loneSurrogate),
    ("\"\\ud800\\ud800\"", 1, .loneSurrogate),
    ("\"\\udc00\\ud800\"", 1, .loneSurrogate),
    ("\u{FEFF}1", 0, .byteOrderMark),
    ("\u{A0}1", 0, .unexpectedByte(0xC2, expected: .value)),
  ])
  func refuses(_ text: String, at offset: Int, because problem: JSONError.Problem) {
    #expect(throws: JSONError(offset: offset, problem: problem)) { try JSONDocument(parsing: Array(text.utf8)) }
  }

  @Test(
    arguments: [
      [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
      [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80], [0xFF],
    ] as [[UInt8]]
  )
  func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
    #expect(throws: JSONError(offset: 2, problem: .invalidUTF8)) {
      try JSONDocument(parsing: [0x22, 0x61] + bytes + [0x22])
    }
    #expect(throws: JSONError(offset: 1, problem: .invalidUTF8)) { try JSONDocument(parsing: [0x22] + bytes) }
  }

  @Test func acceptsCharactersOfEveryPlane() throws {
    let scalars = (stride(from: 0, through: 0x10FFFF, by: 0x1F) as StrideThrough<UInt32>).compactMap(
      Unicode.Scalar.init
    )
    let text = String(String.UnicodeScalarView(scalars))
    let value = JSONValue.string(text)
    guard case .string(let read) = try JSONValue(parsing: value.serialized()) else { Issue.record("no string"); return }
    #expect(read.unicodeScalars.elementsEqual(scalars))
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
  func manyLevelsAreACleanError(opening: String) {
    let bytes = Array(String(repeating: opening, count: 100_000).utf8)
    #expect {
      try JSONDocument(parsing: bytes)
    } throws: { ($0 as? JSONError)?.problem == .tooDeep(maximumDepth: 128) }
    #expect {
      try JSONValue(parsing: bytes, limits: JSONLimits(maximumDepth: .max))
    } throws: { ($0 as? JSONError)?.problem == .tooDeep(maximumDepth: 512) }
  }

  @Test func theDeepestTextThatIsReadCanBeUsed() throws {
    let text = Array((String(repeating: "[", count: 512) + String(repeating: "]", count: 512)).utf8)
    let value = try JSONValue(parsing: text, limits: JSONLimits(maximumDepth: 512))
    #expect(value.serialized() == text)
    #expect(try JSONReader.decode(JSONValue.self, from: text, limits: JSONLimits(maximumDepth: 512)) == value)
  }

  @Test func sizeIsBounded() throws {
    let limits = JSONLimits(maximumBytes: 4)
    _ = try JSONDocument(parsing: Array("1234".utf8), limits: limits)
    #expect(throws: JSONError(offset: 4, problem: .tooLarge(maximumBytes: 4))) {
      try JSONDocument(parsing: Array("12345".utf8), limits: limits)
    }
  }

  @Test func errorsAreOneSentenceWithoutContent() {
    let error = JSONError(offset: 7, problem: .unexpectedByte(0x7D, expected: .name))
    let sentence = "The JSON text cannot be read at byte 7: expected a member name in double quotes, found `}`."
    #expect(error.description == sentence)
    let unprintable = JSONError(offset: 0, problem: .unexpectedByte(0x0B, expected: .value))
    #expect(unprintable.description == "The JSON text cannot be read at byte 0: expected a value, found byte 0x0B.")
  }

  @Test func elementsShowWhatIsWritten() throws {
    let text = #" { "a" : [ 1.50 , -0 , {} ] , "\u0062" : "x\ny\ud83d\ude00\/" , "a" : null, "t": true, "e": [] } "#
    let root = try JSONDocument(parsing: Array(text.utf8)).root
    #expect(root.kind == .object)
    #expect(root.members?.map(\.name) == ["a", "b", "a", "t", "e"])
    #expect(root.members?.count == 5)
    #expect(root["a"]?.elements?.count == 3)
    #expect(root["a"]?.elements?.map(\.kind) == [.number, .number, .object])
    #expect(root["a"]?.elements?.compactMap(\.number?.text) == ["1.50", "-0"])
    #expect(root["b"]?.string == "x\ny😀/")
    #expect(root["t"]?.bool == true)
    #expect(root["e"]?.elements?.count == 0)
    #expect(root["c"] == nil)
    #expect(root["a"]?["a"] == nil)
    #expect(root["a"].map { String(decoding: $0.rawBytes, as: UTF8.self) } == "[ 1.50 , -0 , {} ]")
    #expect(root["b"].map { String(decoding: $0.rawBytes, as: UTF8.self) } == #""x\ny\ud83d\ude00\/""#)
    #expect(root.string == nil && root.number == nil && root.bool == nil && root.elements == nil && !root.isNull)
  }

  @Test func namesAreComparedAsBytes() throws {
    let root = try JSONDocument(parsing: Array("{\"\u{212A}\":1,\"K\":2}".utf8)).root
    #expect(root["K"]?.number?.text == "2")
    #expect(JSONValue(root)["K"] == 2)
  }

  @Test(arguments: ["12345678901234567.89", "340282366920938463463374607431768211456", "1e400", "-0.0", "1E+2"])
  func numbersKeepTheirDigits(_ text: String) throws {
    let bytes = Array("[\(text)]".utf8)
    #expect(try JSONValue(parsing: bytes) == .array([.number(JSONNumber(validated: text))]))
    #expect(try JSONValue(parsing: bytes).serialized() == bytes)
    #expect(try RawJSON(parsing: bytes).bytes == bytes)
  }

  @Test func numbersAsSwiftNumbers() {
    #expect(JSONNumber(validated: "9223372036854775807").integer() == Int.max)
    #expect(JSONNumber(validated: "9223372036854775808").integer(Int.self) == nil)
    #expect(JSONNumber(validated: "1.0").integer(Int.self) == nil)
    #expect(JSONNumber(validated: "1e2").double == 100)
    #expect(JSONNumber(validated: "1e999").double == nil)
  }

  @Test func rawTextIsWithoutTheSpaceAroundIt() throws {
    let raw = try RawJSON(parsing: Array(" { \"a\" : 1.0 } \n".utf8))
    #expect(raw.bytes == Array("{ \"a\" : 1.0 }".utf8))
    #expect(raw.value == ["a": .number(JSONNumber(validated: "1.0"))])
    #expect(try raw == RawJSON(parsing: raw.bytes))
    #expect(try Set([raw, RawJSON(parsing: raw.bytes), RawJSON(parsing: Array("{\"a\":1.0}".utf8))]).count == 2)
  }
}
