/// The part of `protocol/README.md` that lists the errors.
struct ErrorTable {
  private let errors: ErrorCatalogue

  init(_ errors: ErrorCatalogue) { self.errors = errors }

  func inserted(into page: String) -> String { GeneratedSection(file: "errors.json").inserted(text, into: page) }

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
