import Foundation

/// The files of the repository these tests were built from. Paths are relative to its root.
struct WorkingTree {
  static let current = Self()

  let root: String
  /// What git would ignore, by name.
  private let ignored: Set<String>

  private init() {
    root = #filePath.components(separatedBy: "/").dropLast(3).joined(separator: "/")
    let rules = (try? String(contentsOfFile: root + "/.gitignore", encoding: .utf8)) ?? ""
    ignored = Set(rules.split(separator: "\n").map { String($0.hasSuffix("/") ? $0.dropLast() : $0) } + [".git"])
  }

  /// Names in a folder, sorted, without what is ignored.
  func names(in folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root + "/" + folder).filter { !ignored.contains($0) }.sorted()
  }

  /// Paths of all files below a folder, sorted.
  func files(below folder: String = "", endingIn ending: String = "") throws -> [String] {
    try names(in: folder).flatMap { name -> [String] in
      let path = folder.isEmpty ? name : "\(folder)/\(name)"
      if isFolder(path) { return try files(below: path, endingIn: ending) }
      return path.hasSuffix(ending) ? [path] : []
    }
  }

  func text(_ path: String) throws -> String { try String(contentsOfFile: root + "/" + path, encoding: .utf8) }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + "/" + path) }

  func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
