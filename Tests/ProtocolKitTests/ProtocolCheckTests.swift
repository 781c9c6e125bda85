import ProtocolKit
import Testing

@Suite struct ProtocolCheckTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let path: String
    let text: String
    let replacement: String
    let problem: String

    var testDescription: String { problem }
  }

  static let ofGetKey = [
    ("\"summary\"", "\"sumary\"", "summary: the required field is missing"),
    ("\"name\": \"getKey\"", "\"name\": \"fetchKey\"", "there is no fetchKey.json"),
    ("\"group\": \"keys\"", "\"group\": \"locks\"", "group"),
    ("types.json#/Key", "types.json#/Kex", "types.json#/Kex leads nowhere"),
    ("[\"key_not_found\"", "[\"key_gone\"", "no kind key_gone"),
    ("[\"key_not_found\"", "[\"internal\"", "internal can occur with any method"),
    ("\"admin\": false", "\"admin\": true", "admin_required go together"),
    ("{ \"keys\": [\"payables\"]", "{ \"keys\": [\"mine\"]", "mine is no fixture"),
    ("{ \"alias\": \"payables\" }", "{ \"alias\": 1 }", "params.alias"),
    ("{ \"alias\": \"payables\" }", "{}", "params.alias is missing"),
    ("\"origin\": \"imported\"", "\"origin\": \"found\"", "result.origin"),
    ("\"origin\": \"imported\"", "\"source\": \"imported\"", "result.source is unknown"),
    ("\"code\": 1300", "\"code\": 1200", "the code of key_not_found is 1300"),
    ("${clientId}", "${client}", "a placeholder that is not known"),
    ("\"method\": \"getKey\"", "\"method\": \"getKeys\"", "getKeys is no method"),
  ]

  static let ofOthers = [
    ("methods/createKey.json", "\"type\": \"integer\"", "\"kind\": \"integer\"", "the keyword kind is not understood"),
    ("methods/createKey.json", "{ \"description\": ", "{ \"default\": ", "params.bits has no description"),
    (
      "methods/createKey.json", "\"required\": [\"alias\"]", "\"required\": [\"name\"]",
      "name is required but not described"
    ),
    ("types.json", "^[A-Z0-9_]{1,200}$", "^[A-Z0-9_{1,200}$", "is no regular expression"),
    ("errors.json", "\"family\": \"key\", \"code\"", "\"family\": \"keys\", \"code\"", "of no known family"),
    ("errors.json", "\"kind\": \"key_exists\"", "\"kind\": \"key_not_found\"", "key_not_found is there twice"),
    ("errors.json", "\"retryable\": \"sometimes\"", "\"retryable\": \"maybe\"", "retryable"),
    ("errors.json", "{", "{,", "cannot be read at byte 1"),
    ("vectors/transcripts/fixtures.json", "\"allow\"", "\"allowed\"", "policy.subjects.allow is missing"),
    ("vectors/transcripts/fixtures.json", "\"alias\": \"spare\"", "\"alias\": \"\"", "params.alias"),
  ]

  static let mistakes =
    ofGetKey.map { Mistake(path: "methods/getKey.json", text: $0, replacement: $1, problem: $2) }
    + ofOthers.map { Mistake(path: $0, text: $1, replacement: $2, problem: $3) }

  @Test(arguments: mistakes) func aMistakeIsNamed(_ mistake: Mistake) throws {
    var source = try ProtocolSource(in: .working)
    source.replace(mistake.text, with: mistake.replacement, in: mistake.path)
    let problems = #expect(throws: ProtocolProblems.self) { try ProtocolDescription(source) }
    let text = problems?.description ?? ""
    #expect(text.contains(mistake.problem), "\(text)")
  }

  @Test func aMethodWithoutTranscriptIsRefused() throws {
    var source = try ProtocolSource(in: .working)
    source.files["methods/touch.json"] = Array(
      """
      {"name": "touch", "group": "session", "summary": "", "description": "", "admin": false, "actsForUser": false,
       "params": {"type": "object"}, "result": {"type": "null"}, "errors": [], "transcripts": []}
      """.utf8
    )
    let problems = #expect(throws: ProtocolProblems.self) { try ProtocolDescription(source) }
    #expect(problems?.description == "protocol/methods/touch.json: there is no transcript")
  }
}
