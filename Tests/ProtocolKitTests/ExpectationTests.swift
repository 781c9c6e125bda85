import JSON
import ProtocolKit
import Testing

@Suite struct ExpectationTests {
  static let matching: [(expected: String, actual: String)] = [
    (#"{"id":1}"#, #"{"id":1,"result":{}}"#),
    (#"{"a":{"$any":"string"}}"#, #"{"a":"x"}"#),
    (#"{"a":{"$any":"integer"}}"#, #"{"a":7}"#),
    (#"[{"$any":"array"}]"#, "[[1]]"),
    (#"{"$pattern":"^a+$"}"#, #""aaa""#),
    (#""${name} ${other}""#, #""value ${other}""#),
    (#"{"$any":"string","b":1}"#, #"{"$any":"string","b":1}"#),
  ]

  static let differing: [(expected: String, actual: String, mismatch: String)] = [
    (#"{"a":{"b":1}}"#, #"{"a":{}}"#, ".a.b is missing"),
    (#"{"a":1}"#, #"{"a":1.0}"#, ".a is 1.0, not 1"),
    (#"{"a":[]}"#, #"{"a":[1]}"#, ".a has 1 elements, not 0"),
    (#"{"a":[1]}"#, #"{"a":[2]}"#, ".a[0] is 2, not 1"),
    (#"{"a":{"$any":"integer"}}"#, #"{"a":"7"}"#, #".a is "7", not of type integer"#),
    (#"{"a":{"$pattern":"^a$"}}"#, #"{"a":"a\n"}"#, #".a is "a\n", which does not match ^a$"#),
    (#"{"a":{"$capture":"b"}}"#, #"{"a":null}"#, ".a is null, not a string"),
    (#"{"a":null}"#, #"{"a":{}}"#, ".a is {}, not null"),
  ]

  @Test(arguments: matching) func matches(expected: String, actual: String) throws {
    var placeholders = Placeholders(["name": "value"])
    let mismatch = Expectation(try JSONValue(parsing: expected.utf8))
      .mismatch(with: try JSONValue(parsing: actual.utf8), &placeholders)
    #expect(mismatch == nil)
  }

  @Test(arguments: differing) func differs(expected: String, actual: String, mismatch: String) throws {
    var placeholders = Placeholders([:])
    let found = Expectation(try JSONValue(parsing: expected.utf8))
      .mismatch(with: try JSONValue(parsing: actual.utf8), &placeholders)
    #expect(found == mismatch)
  }

  @Test func whatIsCapturedFillsLaterMessages() {
    var placeholders = Placeholders([:])
    #expect(Expectation(["id": ["$capture": "job"]]).mismatch(with: ["id": "j-1"], &placeholders) == nil)
    #expect(placeholders.filling(["jobId": "${job}"]) == ["jobId": "j-1"])
  }
}
