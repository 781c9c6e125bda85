/// The part of `protocol/README.md` that lists the errors.
struct ErrorTable {
  static let begin =
    "<!-- The rest of this section is written by `\(ProtocolDescription.generateCommand)` from errors.json. -->\n"
  static let end = "<!-- End of what is written from errors.json. -->\n"

  private let errors: ErrorCatalogue

  init(_ errors: ErrorCatalogue) { self.errors = errors }

  /// The page with a fresh table between the markers; without them the page as it is.
  func inserted(into page: String) -> String {
    guard let begin = page.firstRange(of: Self.begin), let end = page.firstRange(of: Self.end) else { return page }
    return page[..<begin.upperBound] + text + page[end.lowerBound...]
  }

  private var text: String {
    errors.families.map { family in
      let kinds = errors.kinds.filter { $0.family == family.family }
      let rows = kinds.map { kind in
        "| `\(kind.kind)` | \(kind.code) | \(kind.retryable.word) | \(kind.meaning) | \(kind.hint) |\n"
      }
      return """

        **\(family.family)**: \(family.meaning)

        | kind | code | retryable | what happened | what to do |
        |---|---|---|---|---|
        \(rows.joined())
        """
    }.joined() + "\n"
  }
}

extension ErrorCatalogue.Retryable {
  fileprivate var word: String {
    switch self {
    case .always: "yes"
    case .never: "no"
    case .sometimes: "sometimes"
    }
  }
}
