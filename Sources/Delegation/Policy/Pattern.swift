/// A policy pattern: `*` matches any run of bytes, nothing else is special. Compared byte by byte.
package struct Pattern: Sendable, Hashable {
  package let text: String
  private let parts: [[UInt8]]

  package init(_ text: String) {
    self.text = text
    parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
  }

  /// For allow rules: the bytes as they are.
  package func matches(_ bytes: [UInt8]) -> Bool { Self.match(parts, bytes) }

  /// For deny rules: both sides in lower case, so that `Admin` does not slip past `admin`.
  package func matchesFoldingCase(_ text: String) -> Bool {
    Pattern(self.text.lowercased()).matches(Array(text.lowercased().utf8))
  }

  /// Takes each part between two stars at its first place, which is enough: a later place never matches more.
  private static func match(_ parts: [[UInt8]], _ bytes: [UInt8]) -> Bool {
    guard let first = parts.first, let last = parts.last, parts.count > 1 else { return parts.first == bytes }
    guard bytes.count >= first.count + last.count, bytes.starts(with: first), bytes.suffix(last.count) == last[...]
    else { return false }
    var rest = bytes[first.count..<(bytes.count - last.count)]
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let start = rest.firstRange(of: part) else { return false }
      rest = rest[(start + part.count)...]
    }
    return true
  }
}

extension ArraySlice<UInt8> {
  fileprivate func firstRange(of part: [UInt8]) -> Int? {
    guard count >= part.count else { return nil }
    return (startIndex...(endIndex - part.count)).first { self[$0..<($0 + part.count)].elementsEqual(part) }
  }
}
