/// The text of `protocol/`: every file that something is derived from, by its path below that folder.
package struct ProtocolSource: Sendable {
  package var files: [String: [UInt8]]

  package init(files: [String: [UInt8]]) { self.files = files }

  package init(in repository: Repository) throws(RepositoryError) {
    var files: [String: [UInt8]] = [:]
    let single = ["errors.json", "types.json", "README.md", "vectors/transcripts/fixtures.json", "vectors/faults.json"]
    for path in single {
      files[path] = try repository.read("protocol/\(path)")
    }
    for folder in ["methods", "notifications"] {
      for name in try repository.names(in: "protocol/\(folder)") where name.hasSuffix(".json") {
        files["\(folder)/\(name)"] = try repository.read("protocol/\(folder)/\(name)")
      }
    }
    self.files = files
  }

  /// Paths of the files in a folder, sorted.
  func paths(in folder: String) -> [String] { files.keys.filter { $0.hasPrefix(folder + "/") }.sorted() }
}
