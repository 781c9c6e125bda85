import Foundation
import Testing

struct LayoutTests {
  private let tree = WorkingTree.current

  @Test func theTopLevelHoldsOnlyWhatTheDesignNames() throws {
    let allowed: Set = [
      ".ci", ".editorconfig", ".gitignore", ".swift-format", "Package.swift", "README.md", "Sources", "Tests",
      "clients", "protocol",
    ]
    #expect(Set(try tree.names()) == allowed)
  }

  @Test func everyTargetHasATestFolderAndEveryTestFolderATarget() throws {
    let package = try tree.text("Package.swift")
    let tested = package.matches(of: #/tests\("(\w+)"/#).map { "\($0.1)Tests" }
    let folders = try tree.names(in: "Tests").filter { $0.hasSuffix("Tests") }
    #expect(tested.sorted() == folders)
    for folder in folders {
      let holdsTests = try tree.files(below: "Tests/\(folder)", endingIn: ".swift").contains { path in
        try tree.text(path).contains("@Test")
      }
      #expect(holdsTests, "Tests/\(folder)")
    }
  }

  /// Whole Foundation would come with ICU: 40 MB, and twice the time to start.
  @Test func theProgramDoesNotLinkFoundation() throws {
    let products = try #require(CommandLine.arguments.first.map { URL(filePath: $0).deletingLastPathComponent() })
    let program = try Data(contentsOf: products.appending(path: "onbehalf"))
    #expect(program.firstRange(of: Data("libswiftCore.so".utf8)) != nil, "the program is not linked dynamically")
    #expect(program.firstRange(of: Data("Foundation.so".utf8)) == nil)
    #expect(program.firstRange(of: Data("FoundationEssentials.so".utf8)) == nil)
  }
}
