import FoundationEssentials

/// The working copy that is read and written. Paths are relative to its root.
package struct Repository: Sendable {
  private let root: String

  package init(root: String) { self.root = root }

  package func read(_ path: String) throws(RepositoryError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: root + "/" + path) else {
      throw RepositoryError(path: path, problem: "cannot be read; run this in the root of the repository")
    }
    return [UInt8](data)
  }

  /// Names in a folder, sorted.
  package func names(in folder: String) throws(RepositoryError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: root + "/" + folder).sorted()
    } catch {
      throw RepositoryError(path: folder, problem: "cannot be listed; run this in the root of the repository")
    }
  }

  /// Replaces the file. Its folder is made when it is not there.
  package func write(_ bytes: [UInt8], to path: String) throws(RepositoryError) {
    let target = root + "/" + path
    let folder = String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)])
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: URL(filePath: target))
    } catch {
      throw RepositoryError(path: path, problem: "cannot be written: \(error)")
    }
  }
}

package struct RepositoryError: Error, CustomStringConvertible {
  let path: String
  let problem: String

  package var description: String { "\(path) \(problem)" }
}
