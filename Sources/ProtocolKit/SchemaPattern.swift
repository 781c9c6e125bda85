/// The `pattern` of a schema. Matches scalar by scalar, so that a line break after the end is seen.
struct SchemaPattern {
  private let regex: Regex<AnyRegexOutput>

  /// Nil when the text is no regular expression.
  init?(_ pattern: String) {
    guard let regex = try? Regex(pattern) else { return nil }
    self.regex = regex.matchingSemantics(.unicodeScalar)
  }

  func matches(_ string: String) -> Bool { string.firstMatch(of: regex) != nil }
}
