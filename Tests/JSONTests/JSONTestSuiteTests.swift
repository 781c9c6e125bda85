import Foundation
import JSON
import Testing

/// All of JSONTestSuite (protocol/vectors/json/README.md).
@Suite struct JSONTestSuiteTests {
  /// What RFC 8259 leaves open and we accept; every other `i_` file is refused.
  private static let acceptedByChoice: Set = [
    "i_number_double_huge_neg_exp.json",
    "i_number_huge_exp.json",
    "i_number_neg_int_huge_exp.json",
    "i_number_pos_double_huge_exp.json",
    "i_number_real_neg_overflow.json",
    "i_number_real_pos_overflow.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
  ]

  @Test(arguments: [("y_", 95), ("n_", 188), ("i_", 35)])
  func everyFileBehaves(prefix: String, count: Int) throws {
    let names = try Vectors.names.filter { $0.hasPrefix(prefix) }
    #expect(names.count == count)
    for name in names {
      let bytes = try Vectors.bytes(of: name)
      let isAccepted = (try? JSONDocument(parsing: bytes)) != nil
      #expect(isAccepted == (prefix == "y_" || Self.acceptedByChoice.contains(name)), "\(name)")
    }
  }

  @Test func choicesAreFiles() throws {
    #expect(Self.acceptedByChoice.isSubset(of: try Vectors.names))
  }

  @Test func deeperNestingIsAMatterOfTheLimit() throws {
    let bytes = try Vectors.bytes(of: "i_structure_500_nested_arrays.json")
    #expect(throws: JSONError(offset: 128, problem: .tooDeep(maximumDepth: 128))) { try JSONDocument(parsing: bytes) }
    _ = try JSONDocument(parsing: bytes, limits: JSONLimits(maximumDepth: 500))
  }

  @Test func acceptedFilesSurviveATrip() throws {
    for name in try Vectors.names where name.hasPrefix("y_") {
      let value = try JSONValue(parsing: Vectors.bytes(of: name))
      #expect(try JSONValue(parsing: value.serialized()) == value, "\(name)")
    }
  }
}

private enum Vectors {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("protocol/vectors/json")

  static var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  static func bytes(of name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }
}
