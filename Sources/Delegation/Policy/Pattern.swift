/// A policy pattern: `*` matches any run of bytes, nothing else is special. Compared byte by byte.
///
/// Taken apart once, when it is read; on the wire and in files it is its text.
package struct Pattern: Sendable {
  package let text: String
  private let parts: [[UInt8]]
  private let foldedParts: [[UInt8]]

  package init(_ text: String) {
    self.text = text
    parts = Self.split(text)
    foldedParts = Self.split(text.lowercased())
  }

  /// For allow rules: the bytes as they are.
  package func matches(_ bytes: some Collection<UInt8>) -> Bool { Self.match(parts, Array(bytes)) }

  /// For deny rules: both sides in lower case, so that `Admin` does not slip past `admin`.
  ///
  /// - Parameter folded: the bytes of a text in lower case.
  package func matches(folded: [UInt8]) -> Bool { Self.match(foldedParts, folded) }

  private static func split(_ text: String) -> [[UInt8]] {
    text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
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

extension Pattern: Equatable {
  package static func == (left: Pattern, right: Pattern) -> Bool { left.parts == right.parts }
}

extension Pattern: Codable {
  package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension Pattern: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(text) }
}

extension ArraySlice<UInt8> {
  fileprivate func firstRange(of part: [UInt8]) -> Int? {
    guard count >= part.count else { return nil }
    return (startIndex...(endIndex - part.count)).first { self[$0..<($0 + part.count)].elementsEqual(part) }
  }
}
