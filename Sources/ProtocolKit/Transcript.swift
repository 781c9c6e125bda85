package import JSON

/// An exchange of messages that is replayed as a test and shown as an example.
package struct Transcript: Sendable, Decodable {
  package let name: String
  package let given: Given
  package let steps: [Step]

  /// What is there before the first message. Names are those of `vectors/transcripts/fixtures.json`.
  package struct Given: Sendable {
    package let admin: Bool
    package let store: String
    package let keys: [String]
    package let profiles: [String]
    package let policy: String?
    package let sandbox: Bool
    package let faults: [String]
  }

  package struct Step: Sendable {
    /// A request or notification without its `jsonrpc` member.
    package let send: JSONValue
    /// The messages to wait for, in their order; none when nothing is awaited here.
    package let expect: [JSONValue]
  }

  private enum Keys: String, CodingKey, CaseIterable {
    case name
    case given
    case steps
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    name = try container.decode(String.self, forKey: .name)
    given = try container.decodeIfPresent(Given.self, forKey: .given) ?? Given()
    steps = try container.decode([Step].self, forKey: .steps)
  }
}

extension Transcript.Given: Decodable {
  init() { (admin, store, keys, profiles, policy, sandbox, faults) = (false, "working", [], [], nil, false, []) }

  private enum Keys: String, CodingKey, CaseIterable {
    case admin
    case store
    case keys
    case profiles
    case policy
    case sandbox
    case faults
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    admin = try container.decodeIfPresent(Bool.self, forKey: .admin) ?? false
    store = try container.decodeIfPresent(String.self, forKey: .store) ?? "working"
    keys = try container.decodeIfPresent([String].self, forKey: .keys) ?? []
    profiles = try container.decodeIfPresent([String].self, forKey: .profiles) ?? []
    policy = try container.decodeIfPresent(String.self, forKey: .policy)
    sandbox = try container.decodeIfPresent(Bool.self, forKey: .sandbox) ?? false
    faults = try container.decodeIfPresent([String].self, forKey: .faults) ?? []
  }
}

extension Transcript.Step: Decodable {
  private enum Keys: String, CodingKey, CaseIterable {
    case send
    case expect
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    send = try container.decode(JSONValue.self, forKey: .send)
    let expected = try container.decodeIfPresent(JSONValue.self, forKey: .expect)
    expect = expected.map { $0.elements ?? [$0] } ?? []
  }

  func filled(_ placeholders: Placeholders) -> Transcript.Step {
    Transcript.Step(send: placeholders.filling(send), expect: expect.map(placeholders.filling))
  }

  /// The answer to `send`, when this step waits for it.
  package var answer: JSONValue? { expect.first { $0["id"] != nil && $0["id"] == send["id"] } }
}
