/// The part of a page that is written from a file of `protocol/`: what stands between two comments.
struct GeneratedSection {
  /// By its path below `protocol/`.
  let file: String

  private var begin: String {
    "<!-- The rest of this section is written by `\(ProtocolDescription.generateCommand)` from \(file). -->\n"
  }
  private var end: String { "<!-- End of what is written from \(file). -->\n" }

  /// The page with `text` between the comments; without them the page as it is.
  func inserted(_ text: String, into page: String) -> String {
    guard let begin = page.firstRange(of: begin), let end = page.firstRange(of: end) else { return page }
    return page[..<begin.upperBound] + text + page[end.lowerBound...]
  }
}
