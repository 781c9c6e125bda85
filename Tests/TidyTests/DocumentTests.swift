import Foundation
import Testing

struct DocumentTests {
  private let tree = WorkingTree.current

  @Test func linksLeadSomewhere() throws {
    for path in try tree.files(endingIn: ".md") {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      for link in try prose(path).matches(of: #/\]\(([^)\s]+)\)/#).map({ String($0.1) }) where !link.contains("://") {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let target = parts[0].isEmpty ? path : folder.isEmpty ? parts[0] : "\(folder)/\(parts[0])"
        #expect(tree.exists(target), "\(path) links to \(link)")
        if parts.count == 2, tree.exists(target) {
          #expect(try anchors(target).contains(parts[1]), "\(path) links to \(link)")
        }
      }
    }
  }

  @Test func theArchitecturePageIsShort() throws {
    #expect(try tree.text("Sources/README.md").split(separator: "\n", omittingEmptySubsequences: false).count <= 170)
  }

  /// Inline code with a slash is a path: from the root or from Sources.
  @Test func pathsOnTheArchitecturePageExist() throws {
    let paths = try inlineCode("Sources/README.md").filter { $0.wholeMatch(of: #/[\w.-]+(\/[\w.-]+)+\/?/#) != nil }
    #expect(!paths.isEmpty)
    for path in paths { #expect(tree.exists(path) || tree.exists("Sources/\(path)"), "\(path)") }
  }

  /// `FrameDecoderTests.oneByteAtATime` is a function of Tests/…/FrameDecoderTests.swift, `test_host.py::test_eof` one of
  /// a file of pytest.
  @Test(arguments: ["Sources/README.md", "protocol/SECURITY.md"])
  func testsThatAreNamedExist(page: String) throws {
    let files = try tree.files(below: "Tests") + tree.files(below: "clients")
    let names = try inlineCode(page).compactMap {
      $0.wholeMatch(of: #/(\w+Tests)\.(\w+)|(\w+\.py)::(\w+)/#)
    }
    #expect(!names.isEmpty)
    for name in names {
      let (file, function) =
        name.1.map { ("\($0).swift", "func \(name.2 ?? "")(") } ?? ("\(name.3 ?? "")", "def \(name.4 ?? "")(")
      let texts = try files.filter { $0.hasSuffix("/\(file)") }.map(tree.text)
      #expect(texts.contains { $0.contains(function) }, "\(name.0)")
    }
  }

  /// The table of methods in README.md is the one of protocol/REFERENCE.md, which is derived from protocol/methods.
  @Test func methodsInTheReadmeAreThoseOfTheProtocol() throws {
    let derived = try tree.text("protocol/REFERENCE.md").components(separatedBy: "\n").filter { $0.hasPrefix("| [`") }
    let shown = try tree.text("README.md").components(separatedBy: "\n").filter { $0.hasPrefix("| [`") }
    #expect(shown == derived.map { $0.replacingOccurrences(of: "](#", with: "](protocol/REFERENCE.md#") })
  }

  @Test func kindsInTheReadmeAreThoseOfTheProtocol() throws {
    let catalogue = try tree.text("protocol/errors.json")
    let section = try #require(tree.text("README.md").components(separatedBy: "## When it fails").dropFirst().first)
    let rows = section.components(separatedBy: "\n## ")[0].components(separatedBy: "\n").filter { $0.hasPrefix("| `") }
    let kinds = rows.flatMap { $0.components(separatedBy: " | ")[0].matches(of: #/`(\w+)`/#).map { String($0.1) } }
    #expect(!kinds.isEmpty)
    for kind in kinds { #expect(catalogue.contains("\"kind\": \"\(kind)\""), "\(kind)") }
  }

  /// A page without its blocks of code.
  private func prose(_ path: String) throws -> String {
    try tree.text(path).components(separatedBy: "\n```").enumerated()
      .filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined(separator: "\n")
  }

  private func inlineCode(_ path: String) throws -> [String] {
    try prose(path).matches(of: #/`([^`\n]+)`/#).map { String($0.1) }
  }

  /// The anchors of headings, as GitHub makes them.
  private func anchors(_ path: String) throws -> Set<String> {
    let headings = try prose(path).matches(of: #/(?m)^#+ (.+)$/#).map { $0.1.lowercased() }
    return Set(headings.map { $0.replacing(#/[^\w\- ]/#, with: "").replacingOccurrences(of: " ", with: "-") })
  }
}
