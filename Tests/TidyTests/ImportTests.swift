import Foundation
import Testing

/// What each target may import. The build's own check (`--explicit-target-dependency-import-check error`) misses what a
/// target reaches through another one, and says nothing of the system's modules.
///
/// The order is the chain of Sources/README.md: a row names only rows above it. Whole `Foundation` stands in none: it
/// links ICU, and doubles the time to start.
private let allowedImports: KeyValuePairs<String, Set<String>> = [
  "JSON": [],
  "Metrics": [],
  "JSONRPC": ["Glibc", "JSON", "Metrics", "Synchronization"],
  "Delegation": ["JSON", "Metrics", "Synchronization"],
  "Methods": ["Delegation", "JSON", "JSONRPC", "Metrics", "Synchronization"],
  "MCPServer": ["Delegation", "JSON", "JSONRPC", "Synchronization"],
  "CurlHTTP": ["CCurl", "CLinux", "Delegation", "Glibc", "Synchronization"],
  "EncryptedFileStore": ["COpenSSL", "Delegation", "Dispatch"],
  "LocalFiles": ["CLinux", "Delegation", "Dispatch", "Glibc", "Synchronization"],
  "OpenSSLKeys": ["COpenSSL", "Delegation", "Glibc", "Synchronization"],
  "SecretServiceStore": ["CLibSecret", "Delegation", "Glibc", "Synchronization"],
  "HostProcess": ["CLinux", "Glibc", "Synchronization"],
  "onbehalf": [
    "CurlHTTP", "Delegation", "EncryptedFileStore", "Glibc", "HostProcess", "JSONRPC", "LocalFiles",
    "MCPServer", "Methods", "OpenSSLKeys", "SecretServiceStore", "Synchronization",
  ],
  "ProtocolKit": ["FoundationEssentials", "JSON"],
  "generate-protocol": ["Glibc", "ProtocolKit"],
]

/// They hold a module map and a header, no Swift.
private let systemLibraries: Set = ["CCurl", "CLibSecret", "CLinux", "COpenSSL"]

struct ImportTests {
  private let tree = WorkingTree.current

  @Test func everyTargetHasARow() throws {
    let targets = try tree.names(in: "Sources").filter { tree.isFolder("Sources/\($0)") }
    #expect(Set(targets) == systemLibraries.union(allowedImports.map(\.key)))
  }

  @Test func rowsNameOnlyRowsAboveThem() {
    let targets = Set(allowedImports.map(\.key))
    var above: Set<String> = []
    for (target, imports) in allowedImports {
      #expect(imports.intersection(targets).isSubset(of: above), "\(target)")
      above.insert(target)
    }
  }

  @Test(arguments: allowedImports.map(\.key)) func importsAreThoseOfTheRow(target: String) throws {
    let row = try #require(allowedImports.first { $0.key == target }).value
    var needed: Set<String> = []
    for path in try tree.files(below: "Sources/\(target)", endingIn: ".swift") {
      let found = Set(try tree.text(path).components(separatedBy: "\n").compactMap(importedModule))
      #expect(found.isSubset(of: row), "\(path)")
      needed.formUnion(found)
    }
    #expect(needed == row, "the row of \(target) allows what nobody needs")
  }

  @Test func systemLibrariesHoldNoSwift() throws {
    for library in systemLibraries {
      #expect(try tree.files(below: "Sources/\(library)", endingIn: ".swift").isEmpty)
    }
  }

  @Test(
    arguments: [
      ("import Delegation", "Delegation"),
      ("@preconcurrency package import Delegation", "Delegation"),
      ("  import struct Foundation.Data", "Foundation"),
      ("@_spi(Testing) import JSON", "JSON"),
      ("import Foundation.NSURL", "Foundation"),
      ("// import Foundation", nil),
      ("let important = 1", nil),
    ] as [(String, String?)]
  )
  func importsAreRecognized(line: String, module: String?) {
    #expect(importedModule(line) == module)
  }
}

/// The module that a line of Swift imports, if it does.
private func importedModule(_ line: String) -> String? {
  guard line.contains("import ") else { return nil }
  let pattern =
    #/
    ^\s* (?: @\w+ (?: \([^)]*\) )? \s+ )*
    (?: (?: package | public | internal | fileprivate | private ) \s+ )?
    import \s+
    (?: (?: typealias | struct | class | enum | protocol | let | var | func ) \s+ )?
    (\w+)
    /#
  return line.firstMatch(of: pattern).map { String($0.1) }
}
