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
}
