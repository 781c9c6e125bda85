package import JSON

/// `protocol/vectors/transcripts/fixtures.json`: what transcripts may take as given.
package struct Fixtures: Sendable, Decodable {
  package let store: [String: String]
  package let keys: [String: String]
  /// Profiles, with placeholders.
  package let profiles: [String: JSONValue]
  package let sandbox: String
  /// Faults as the sandbox's admin endpoint takes them.
  package let faults: [String: JSONValue]
  /// What documents show for a placeholder; whoever replays a transcript puts real values.
  package let placeholders: [String: String]
  /// Placeholders whose value is the text of a file beside this one.
  package let files: [String: String]
}
