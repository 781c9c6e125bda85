package import JSON

/// `protocol/vectors/transcripts/fixtures.json`: what transcripts may take as given.
package struct Fixtures: Sendable, Decodable {
  package let store: [String: String]
  /// The request that makes each key, to be sent before, with `--admin`.
  package let keys: [String: JSONValue]
  /// Profiles as the profile file holds them. Nothing is bound by their being there.
  package let profiles: [String: JSONValue]
  /// Policy files.
  package let policies: [String: JSONValue]
  package let sandbox: String
  /// Faults as the sandbox's admin endpoint takes them.
  package let faults: [String: JSONValue]
  /// What documents show for a placeholder; whoever replays a transcript puts real values.
  package let placeholders: [String: String]
  /// Placeholders whose value is the text of a file, by its path from this one.
  package let files: [String: String]
}
