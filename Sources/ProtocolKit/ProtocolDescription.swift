package import JSON

/// `protocol/`, read and found sound.
package struct ProtocolDescription: Sendable {
  /// By group, then by name.
  package let methods: [MethodEntry]
  package let notifications: [NotificationEntry]
  package let errors: ErrorCatalogue
  /// The members of `types.json`.
  package let types: JSONValue
  package let fixtures: Fixtures
  package let faults: FaultCatalogue
  /// Text of `protocol/README.md`, part of which is derived.
  package let readme: String

  /// Reads every file, and checks what they say of one another.
  package init(_ source: ProtocolSource) throws(ProtocolProblems) {
    var reader = ProtocolReader(source)
    let methods = source.paths(in: "methods").compactMap { reader.read(MethodEntry.self, $0) }
    let notifications = source.paths(in: "notifications").compactMap { reader.read(NotificationEntry.self, $0) }
    let errors = reader.read(ErrorCatalogue.self, "errors.json")
    let types = reader.read(JSONValue.self, "types.json")
    let fixtures = reader.read(Fixtures.self, "vectors/transcripts/fixtures.json")
    let faults = reader.read(FaultCatalogue.self, "vectors/faults.json")
    guard let errors, let types, let fixtures, let faults, reader.problems.isEmpty else {
      throw ProtocolProblems(list: reader.problems)
    }
    self.methods = MethodEntry.Group.allCases.flatMap { group in methods.filter { $0.group == group } }
    self.notifications = notifications
    self.errors = errors
    self.types = types
    self.fixtures = fixtures
    self.faults = faults
    readme = String(decoding: source.files["README.md"] ?? [], as: UTF8.self)
    let problems = ProtocolCheck(self).problems(files: Set(source.files.keys))
    guard problems.isEmpty else { throw ProtocolProblems(list: problems) }
  }
}

/// Reads files of `protocol/` and notes which cannot be read.
struct ProtocolReader {
  private let source: ProtocolSource
  private(set) var problems: [ProtocolProblem] = []

  init(_ source: ProtocolSource) { self.source = source }

  mutating func read<Value: Decodable>(_ type: Value.Type, _ path: String) -> Value? {
    do {
      return try JSONReader.decode(type, from: source.files[path] ?? [], unknownMembers: .refused)
    } catch {
      problems.append(ProtocolProblem(file: path, problem: error.description))
      return nil
    }
  }
}
