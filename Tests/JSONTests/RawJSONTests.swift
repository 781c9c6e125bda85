import Testing

@testable import JSON

struct RawJSONTests {
  @Test(arguments: [
    ("1", "1"), (" 1.50 ", "1.50"), ("\t[ 1 ,\r\n2 ]\n", "[1,2]"),
    (#"{ "a b" : " \" c \\" , "d" : "\\\" e" }"#, #"{"a b":" \" c \\","d":"\\\" e"}"#),
    (#"" \u0020 ""#, #"" \u0020 ""#),
  ])
  func compactingTakesAwayWhatStandsBetween(_ text: String, _ expected: String) throws {
    #expect(try RawJSON(compacting: Array(text.utf8)).bytes == Array(expected.utf8))
  }

  @Test(arguments: ["1 2", "[1 2]", "tr ue", "\"a", "", " ", "{\"a\" 1}"])
  func compactingMakesNoJSONOfOtherText(_ text: String) {
    #expect(throws: JSONError.self) { try RawJSON(compacting: Array(text.utf8)) }
  }
}
