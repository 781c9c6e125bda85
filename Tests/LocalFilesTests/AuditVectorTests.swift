import Delegation
import Foundation
import Testing

/// protocol/vectors/audit: what is done to a chain, and what every verifier must say of it.
@Suite struct AuditVectorTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "protocol/vectors/audit")

  struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    struct Problem: Decodable {
      let file: String
      let line: Int?
      let found: String
    }

    let name: String
    let chain: String?
    let edits: [Edit]?
    let anchor: String?
    let rows: Int64
    let problem: Problem?

    var testDescription: String { name }
  }

  /// One of: lines are counted from 1.
  struct Edit: Decodable {
    let file: String
    let remove: Int?
    let removeFile: Bool?
    let line: Int?
    let replace: String?
    let with: String?
    let swap: [Int]?
    let `repeat`: Int?
    let insert: String?
    let append: String?
    let truncate: Int?
  }

  @Test(arguments: try vectors()) func theVerdictIsThePublishedOne(vector: Vector) async throws {
    let audit = try AuditUnderTest()
    try audit.scratch.directory("state", mode: 0o700)
    let chain = Self.folder.appending(path: vector.chain ?? "chain")
    for name in try FileManager.default.contentsOfDirectory(atPath: chain.path) {
      try audit.scratch.file("state/\(name)", String(contentsOf: chain.appending(path: name), encoding: .utf8))
    }
    for edit in vector.edits ?? [] { try apply(edit, in: audit) }
    let anchor = try vector.anchor.map { try #require(AuditHead($0)) }
    let verdict = try await audit.verdict(anchor: anchor)
    #expect((verdict.problem == nil) == (vector.problem == nil))
    #expect(verdict.problem?.file == vector.problem?.file)
    #expect(verdict.problem?.line == vector.problem?.line)
    #expect(verdict.problem?.found == vector.problem?.found)
    #expect(verdict.rows == vector.rows)
  }

  private static func vectors() throws -> [Vector] {
    try JSONDecoder().decode([Vector].self, from: Data(contentsOf: folder.appending(path: "verdicts.json")))
  }

  private func apply(_ edit: Edit, in audit: AuditUnderTest) throws {
    let path = "state/\(edit.file)"
    if edit.removeFile == true {
      return try FileManager.default.removeItem(atPath: audit.scratch.path(path))
    }
    var text = try audit.scratch.text(path)
    text += edit.append ?? ""
    text.removeLast(edit.truncate ?? 0)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if let line = edit.remove { lines.remove(at: line - 1) }
    if let line = edit.line, let old = edit.replace, let new = edit.with {
      try #require(lines[line - 1].contains(old))
      lines[line - 1].replace(old, with: new)
    }
    if let lineNumbers = edit.swap { lines.swapAt(lineNumbers[0] - 1, lineNumbers[1] - 1) }
    if let line = edit.repeat { lines.insert(lines[line - 1], at: line) }
    if let line = edit.line, let text = edit.insert { lines.insert(text, at: line - 1) }
    try audit.scratch.file(path, lines.joined(separator: "\n"))
  }
}
