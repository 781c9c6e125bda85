import ProtocolKit
import Testing

@Suite struct ProtocolCheckTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let path: String
    let text: String
    let replacement: String
    let problem: String

    init(_ path: String, _ text: String, _ replacement: String, _ problem: String) {
      (self.path, self.text, self.replacement, self.problem) = (path, text, replacement, problem)
    }

    var testDescription: String { problem }
  }

  static let mistakes = [
    Mistake("methods/getKey.json", "\"summary\"", "\"sumary\"", "summary: the required field is missing"),
    Mistake("methods/getKey.json", "\"name\": \"getKey\"", "\"name\": \"fetchKey\"", "not named fetchKey.json"),
    Mistake("methods/getKey.json", "\"group\": \"keys\"", "\"group\": \"locks\"", "group"),
    Mistake("methods/getKey.json", "types.json#/Key", "types.json#/Kex", "types.json#/Kex leads nowhere"),
    Mistake("methods/getKey.json", "[\"key_not_found\"", "[\"key_gone\"", "no kind key_gone"),
    Mistake("methods/getKey.json", "[\"key_not_found\"", "[\"internal\"", "internal can occur with any method"),
    Mistake("methods/getKey.json", "\"admin\": false", "\"admin\": true", "admin_required go together"),
    Mistake("methods/getKey.json", "\"given\": { \"keys\": [\"payables\"]", "\"given\": { \"keys\": [\"mine\"]", "mine is no fixture"),
    Mistake("methods/getKey.json", "\"params\": { \"alias\": \"payables\" }", "\"params\": { \"alias\": 1 }", "params.alias"),
    Mistake("methods/getKey.json", "\"params\": { \"alias\": \"payables\" }", "\"params\": {}", "params.alias is missing"),
    Mistake("methods/getKey.json", "\"origin\": \"imported\"", "\"origin\": \"found\"", "result.origin"),
    Mistake("methods/getKey.json", "\"origin\": \"imported\"", "\"source\": \"imported\"", "result.source is unknown"),
    Mistake("methods/getKey.json", "\"code\": 1300", "\"code\": 1200", "the code of key_not_found is 1300"),
    Mistake("methods/getKey.json", "${clientId}", "${client}", "a placeholder that is not known"),
    Mistake("methods/getKey.json", "\"method\": \"getKey\"", "\"method\": \"getKeys\"", "getKeys is no method"),
    Mistake("methods/createKey.json", "\"type\": \"integer\"", "\"kind\": \"integer\"", "the keyword kind is not understood"),
    Mistake("methods/createKey.json", "{ \"description\": \"Length of the RSA modulus in bits. 4096 takes seconds.\", ", "{", "params.bits has no description"),
    Mistake("methods/createKey.json", "\"required\": [\"alias\"]", "\"required\": [\"name\"]", "name is required but not described"),
    Mistake("types.json", "^[A-Z0-9_]{1,200}$", "^[A-Z0-9_{1,200}$", "is no regular expression"),
    Mistake("errors.json", "\"family\": \"key\", \"code\"", "\"family\": \"keys\", \"code\"", "of no known family"),
    Mistake("errors.json", "\"kind\": \"key_exists\"", "\"kind\": \"key_not_found\"", "key_not_found is there twice"),
    Mistake("errors.json", "\"retryable\": \"sometimes\"", "\"retryable\": \"maybe\"", "retryable"),
    Mistake("vectors/transcripts/fixtures.json", "\"allow\"", "\"allowed\"", "policy.subjects.allow is missing"),
    Mistake("errors.json", "{", "{,", "cannot be read at byte 1"),
  ]

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
