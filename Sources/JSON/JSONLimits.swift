/// What a JSON text may cost.
package struct JSONLimits: Sendable, Hashable {
  /// Nothing longer is looked at. Past 256 MiB no text is read, whatever is asked for.
  package var maximumBytes: Int
  /// Objects and arrays inside one another. Past 512 no text is read, whatever is asked for: values are read recursively.
  package var maximumDepth: Int

  package static let standard = JSONLimits()

  package init(maximumBytes: Int = 16 << 20, maximumDepth: Int = 128) {
    self.maximumBytes = maximumBytes
    self.maximumDepth = maximumDepth
  }

  var bytes: Int { min(maximumBytes, (256 << 20) - 1) }
  var depth: Int { min(maximumDepth, 512) }
}
