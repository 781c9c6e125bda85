import JSON
import ProtocolKit
import Testing

@Suite struct SchemaValidatorTests {
  static let types: JSONValue = ["Code": ["type": "string", "pattern": "^[A-Z]+$"]]

  static let accepted: [(value: String, schema: String)] = [
    ("null", #"{"type":"null"}"#),
    ("12345678901234567890", #"{"type":"integer"}"#),
    ("1.5", #"{"type":["string","number"]}"#),
    (#""A""#, #"{"$ref":"types.json#/Code"}"#),
    (#""é""#, #"{"maxLength":1}"#),
    ("[1,2]", #"{"items":{"maximum":2},"minItems":2}"#),
    (#"{"a":1,"b":2}"#, #"{"required":["a"],"properties":{"a":{"const":1}}}"#),
    (#"{"a":{"b":1}}"#, #"{"additionalProperties":{"type":"object"}}"#),
    (#"{"a":1}"#, #"{"oneOf":[{"required":["a"]},{"required":["b"]}]}"#),
    (#"{"a":1}"#, #"{"anyOf":[{"required":["a"]},{"type":"object"}]}"#),
    (#"{"a":1}"#, #"{"not":{"required":["a","b"]}}"#),
    ("{}", #"{"dependencies":{"a":["b"]}}"#),
  ]

  static let refused: [(value: String, schema: String, problem: String)] = [
    ("1.0", #"{"type":"integer"}"#, "the value is not what type asks for"),
    (#""A\n""#, #"{"$ref":"types.json#/Code"}"#, "the value is not what pattern asks for"),
    (#""A""#, #"{"$ref":"types.json#/Other"}"#, "the value is not what $ref asks for"),
    (#"{"a":["b"]}"#, #"{"properties":{"a":{"items":{"enum":["c"]}}}}"#, "a[0] is not what enum asks for"),
    ("{}", #"{"required":["a"]}"#, "a is missing"),
    (#"{"a":{"b":1}}"#, #"{"properties":{"a":{"additionalProperties":false}}}"#, "a.b is unknown"),
    (#"{"a":1}"#, #"{"dependencies":{"a":["b"]}}"#, "b is missing"),
    (#"{"a":1,"b":1}"#, #"{"oneOf":[{"required":["a"]},{"required":["b"]}]}"#, "the value is not what oneOf asks for"),
    (#"{"a":1,"b":1}"#, #"{"not":{"required":["a","b"]}}"#, "the value is not what not asks for"),
    ("0", #"{"minimum":1}"#, "the value is not what minimum asks for"),
    ("[]", #"{"minItems":1}"#, "the value is not what minItems asks for"),
    (#""ab""#, #"{"maxLength":1}"#, "the value is not what maxLength asks for"),
  ]

  @Test(arguments: accepted) func accepts(value: String, schema: String) throws {
    let problem = SchemaValidator(types: Self.types)
      .problem(with: try JSONValue(parsing: value.utf8), against: try JSONValue(parsing: schema.utf8))
    #expect(problem == nil)
  }

  @Test(arguments: refused) func refuses(value: String, schema: String, problem: String) throws {
    let found = SchemaValidator(types: Self.types)
      .problem(with: try JSONValue(parsing: value.utf8), against: try JSONValue(parsing: schema.utf8))
    #expect(found == problem)
  }

  @Test func strictReadingRefusesWhatTheSchemaDoesNotMention() {
    let schema: JSONValue = ["properties": ["a": ["type": "integer"]]]
    let value: JSONValue = ["a": 1, "b": 2]
    let strict = SchemaValidator(types: Self.types, reading: .strict)
    #expect(SchemaValidator(types: Self.types).problem(with: value, against: schema) == nil)
    #expect(strict.problem(with: value, against: schema) == "b is unknown")
  }

  @Test func anExcerptMayLackMembersAndHoldMatchers() {
    let integer: JSONValue = ["type": "integer"]
    let schema: JSONValue = ["required": ["a", "b"], "properties": ["a": integer, "b": integer]]
    let validator = SchemaValidator(types: Self.types, reading: .excerpt)
    #expect(validator.problem(with: ["a": ["$any": "integer"]], against: schema) == nil)
    #expect(validator.problem(with: ["c": 1], against: schema) == "c is unknown")
  }
}
