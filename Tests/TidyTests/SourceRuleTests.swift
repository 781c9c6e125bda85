import Foundation
import Testing

/// A text that must not occur in code, and why.
private struct Ban: CustomTestStringConvertible {
  let text: String
  let folders: [String]
  let reason: String

  var testDescription: String { text }
}

private let sources = ["Sources"]
/// Pure code: no I/O, and time and chance come in through ports.
private let domain = ["Sources/Delegation", "Sources/Methods"]
private let everywhere = ["Sources", "Tests", "Package.swift"]

private let bans = [
  Ban(text: "fatalError", folders: sources, reason: "Every input is hostile: throw."),
  Ban(text: "preconditionFailure", folders: sources, reason: "Every input is hostile: throw."),
  Ban(text: "try!", folders: everywhere, reason: "Throw, or #require."),
  Ban(text: "as!", folders: everywhere, reason: "Use a type that says it."),
  Ban(text: "nonisolated(unsafe)", folders: everywhere, reason: "Use Mutex, Atomic or an actor."),
  Ban(text: "Date()", folders: domain, reason: "Ask the WallClock."),
  Ban(text: "ContinuousClock()", folders: domain, reason: "Take the clock as a parameter."),
  Ban(text: "ContinuousClock.now", folders: domain, reason: "Take the clock as a parameter."),
  Ban(text: "Task.sleep", folders: domain, reason: "Sleep on the clock that was given."),
  Ban(text: "UUID()", folders: domain, reason: "Ask Randomness."),
  Ban(text: ".random(", folders: domain, reason: "Ask Randomness."),
  Ban(text: "SystemRandomNumberGenerator", folders: domain, reason: "Ask Randomness."),
  Ban(text: "FileManager", folders: domain, reason: "Use GuardedFile."),
  Ban(text: "Task.sleep", folders: ["Tests"], reason: "Wait for what happens, or move a ManualClock."),
  Ban(text: "usleep", folders: ["Tests"], reason: "Wait for what happens, or move a ManualClock."),
  Ban(text: "Thread.sleep", folders: ["Tests"], reason: "Wait for what happens, or move a ManualClock."),
  Ban(text: ".disabled(", folders: ["Tests"], reason: "A test runs or is deleted."),
]

/// The types whose safety the compiler cannot see. The lines above each say why it holds.
private let uncheckedSendable: Set = [
  "Sources/Delegation/Ports/SecretBytes.swift",
  "Sources/OpenSSLKeys/RSAPrivateKey.swift",
  "Sources/SecretServiceStore/Cancellation.swift",
  "Sources/SecretServiceStore/ServiceSession.swift",
  "Tests/Support/Barrier.swift",
]

struct SourceRuleTests {
  private let tree = WorkingTree.current

  @Test(arguments: bans) fileprivate func bannedTextDoesNotOccur(ban: Ban) throws {
    for path in try ban.folders.flatMap(swiftFiles) {
      for (number, _) in try codeLines(path, holding: ban.text) {
        Issue.record("\(path):\(number): \(ban.text). \(ban.reason)")
      }
    }
  }

  @Test func stdoutIsLeftToTheProtocol() throws {
    let bans = ["print(", "dump("]
    for path in try swiftFiles("Sources") where !path.hasPrefix("Sources/generate-protocol/") {
      for (number, line) in try bans.flatMap({ try codeLines(path, holding: $0) }) {
        #expect(!line.contains(#/(^|[^\w.])(debugPrint|print|dump)\(/#), "\(path):\(number) prints")
      }
    }
  }

  /// There is no one outside the package.
  @Test func nothingIsPublic() throws {
    for path in try swiftFiles("Sources") {
      for (number, line) in try codeLines(path, holding: "public ") {
        #expect(!line.contains(#/^\s*(@\w+ )*public /#), "\(path):\(number)")
      }
    }
  }

  @Test func uncheckedSendableIsRareAndProven() throws {
    var found: Set<String> = []
    for path in try everywhere.flatMap(swiftFiles) {
      for (number, _) in try codeLines(path, holding: "@unchecked Sendable") {
        found.insert(path)
        let above = try tree.text(path).components(separatedBy: "\n")[number - 2]
        #expect(above.contains("//"), "\(path):\(number) does not say why it is safe")
      }
    }
    #expect(found.isSubset(of: uncheckedSendable))
  }

  /// There is no way to have a text of one's own choice signed.
  @Test func onlyTheMintAsksForSignatures() throws {
    let askers = try domain.flatMap(swiftFiles).filter { try !codeLines($0, holding: ".signRS256(").isEmpty }
    #expect(askers == ["Sources/Delegation/Assertions/AssertionMint.swift"])
  }

  @Test func nothingIsLeftToDo() throws {
    let marks = #/\b(TODO|FIXME|XXX|HACK)\b/#
    let endings = [".swift", ".py", ".js", ".mjs", ".ts", ".sh", ".md", ".h"]
    for path in try tree.files() where endings.contains(where: path.hasSuffix) {
      guard path != "Tests/TidyTests/SourceRuleTests.swift" else { continue }
      #expect(try tree.text(path).firstMatch(of: marks) == nil, "\(path)")
    }
  }

  @Test func filesAreShort() throws {
    let endings = [".swift", ".py", ".js", ".mjs", ".ts", ".sh", ".h"]
    for path in try tree.files() where endings.contains(where: path.hasSuffix) && !path.contains("/Generated/") {
      #expect(try tree.text(path).split(separator: "\n", omittingEmptySubsequences: false).count <= 401, "\(path)")
    }
  }

  @Test func nothingIsAPlaceholder() throws {
    #expect(try tree.files(endingIn: "Placeholder.swift").isEmpty)
  }

  private func swiftFiles(_ path: String) throws -> [String] {
    tree.isFolder(path) ? try tree.files(below: path, endingIn: ".swift") : [path]
  }

  /// The lines that hold a text outside comments and string literals, with their numbers.
  private func codeLines(_ path: String, holding text: String) throws -> [(number: Int, text: String)] {
    let whole = try tree.text(path)
    guard whole.contains(text) else { return [] }
    return whole.components(separatedBy: "\n").enumerated().compactMap { index, line in
      guard line.contains(text) else { return nil }
      let bare = line.replacing(#/"(?:\\.|[^"\\])*"/#, with: #""""#)
      let code = bare.firstRange(of: "//").map { String(bare[..<$0.lowerBound]) } ?? bare
      return code.contains(text) ? (index + 1, code) : nil
    }
  }
}
