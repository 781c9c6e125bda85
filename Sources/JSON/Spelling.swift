/// Guesses what a misspelt name was meant to be.
package enum Spelling {
  /// The nearest candidate within two edits, shorter than the name itself; names beyond 64 bytes are not compared.
  package static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    candidates
      .map { (name: $0, distance: distance(name, $0)) }
      .filter { $0.distance <= 2 && $0.distance < min($0.name.utf8.count, name.utf8.count) }
      .min { $0.distance < $1.distance }?
      .name
  }

  /// Levenshtein's: insertions, deletions and replacements of bytes.
  private static func distance(_ one: String, _ other: String) -> Int {
    let (one, other) = (Array(one.utf8), Array(other.utf8))
    guard max(one.count, other.count) <= 64, abs(one.count - other.count) <= 2 else { return .max }
    var row = Array(0...other.count)
    for (i, byte) in one.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, candidate) in other.enumerated() {
        let replaced = diagonal + (byte == candidate ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[other.count]
  }
}
