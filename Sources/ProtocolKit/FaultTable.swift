/// The part of `protocol/README.md` that says what is told when something goes wrong.
struct FaultTable {
  private let faults: FaultCatalogue

  init(_ faults: FaultCatalogue) { self.faults = faults }

  func inserted(into page: String) -> String {
    GeneratedSection(file: "vectors/faults.json").inserted(text, into: page)
  }

  private var text: String {
    faults.groups.map { group in
      """

      **\(group.group)**

      | what goes wrong | kind | retryable | hint |
      |---|---|---|---|
      \(lines(group.rows).joined())
      """
    }.joined() + "\n"
  }

  /// One for all that is told in the same words, at the place of the first.
  private func lines(_ rows: [FaultCatalogue.Row]) -> [String] {
    var told: [String] = []
    var causes: [String: [String]] = [:]
    for row in rows {
      let words = "`\(row.kind)` | \(row.retryable ? "yes" : "no") | \(row.hint)"
      if causes[words] == nil { told.append(words) }
      causes[words, default: []].append(row.what)
    }
    return told.map { words in "| \((causes[words] ?? []).joined(separator: "; ")) | \(words) |\n" }
  }
}
