import ProtocolKit
import Testing

extension Repository {
  /// The repository these tests were built from.
  static var working: Repository {
    let folders = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return Repository(root: folders.dropLast(3).joined(separator: "/"))
  }
}

extension ProtocolSource {
  /// Changes the first occurrence of a text that must be there.
  mutating func replace(
    _ text: String,
    with replacement: String,
    in path: String,
    at location: SourceLocation = #_sourceLocation
  ) {
    var content = String(decoding: files[path] ?? [], as: UTF8.self)
    guard let range = content.firstRange(of: text) else {
      Issue.record("\(path) does not hold \(text)", sourceLocation: location)
      return
    }
    content.replaceSubrange(range, with: replacement)
    files[path] = Array(content.utf8)
  }
}
