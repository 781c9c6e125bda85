import Delegation
import Glibc
import LocalFiles
import Testing

/// The tree `base/a/b/file`, whole at first, with one thing changed in each row.
struct Spoiled: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// What the refusal says, before it is `worded`.
  let refusal: String
  let spoil: @Sendable (Scratch) throws -> Void

  init(_ name: String, says refusal: String, _ spoil: @escaping @Sendable (Scratch) throws -> Void) {
    testDescription = name
    self.refusal = refusal
    self.spoil = spoil
  }
}

/// Others may write or read it.
private let writable = [
  Spoiled("file read by all", says: "BASE/a/b/file (owner uid ME, mode 0644) can be read by others. Run: chmod 600 ") {
    try $0.mode("a/b/file", 0o644)
  },
  Spoiled("file read by group", says: "mode 0640) can be read by others. Run: chmod 600 BASE/a/b/file") {
    try $0.mode("a/b/file", 0o640)
  },
  Spoiled("file written by group", says: "mode 0620) can be written by others. Run: chmod go-w BASE/a/b/file") {
    try $0.mode("a/b/file", 0o620)
  },
  Spoiled("directory written by group", says: "BASE/a (owner uid ME, mode 0775) can be written by others. Run: chmod") {
    try $0.mode("a", 0o775)
  },
  Spoiled("directory written by all", says: "BASE/a/b (owner uid ME, mode 0757) can be written by others.") {
    try $0.mode("a/b", 0o757)
  },
  Spoiled("file in a shared directory", says: "BASE/a/b (owner uid ME, mode 01777) is shared") {
    try $0.mode("a/b", 0o1777)
  },
  Spoiled("link into an unsafe directory", says: "BASE/open (owner uid ME, mode 0777) can be written by others.") {
    try $0.directory("open", mode: 0o777)
    try $0.file("open/file")
    unlink($0.path("a/b/file"))
    try $0.link("a/b/file", to: $0.path("open/file"))
  },
]

/// It belongs to somebody else.
private let foreign = [
  Spoiled("file of a stranger", says: "BASE/a/b/file (owner uid 65534, mode 0600) must be owned by OWNER. Run: chown") {
    try $0.owner("a/b/file", user: stranger)
  },
  Spoiled("directory of a stranger", says: "BASE/a (owner uid 65534, mode 0755) must be owned by OWNER.") {
    try $0.owner("a", user: stranger)
  },
  Spoiled("link of a stranger", says: "BASE/a/b/file (owner uid 65534, mode 0777) must be owned by OWNER.") {
    try $0.file("real")
    unlink($0.path("a/b/file"))
    try $0.link("a/b/file", to: "../../real")
    try $0.owner("a/b/file", user: stranger)
  },
  Spoiled("directory exchanged for a link", says: "BASE/mine (owner uid 65534, mode 0755) must be owned by OWNER.") {
    try $0.directory("mine/b")
    try $0.file("mine/b/file")
    try $0.owner("mine", user: stranger)
    try $0.mode("a", 0o755)
    rename($0.path("a"), $0.path("was"))
    try $0.link("a", to: "mine")
  },
]

@Suite struct OwnershipTests {
  private func tree() throws -> Scratch {
    let scratch = try Scratch()
    try scratch.directory("a/b")
    try scratch.file("a/b/file")
    return scratch
  }

  private func read(_ path: String, _ mode: LocalFile.Mode = .private) throws(FileFailure) -> String? {
    let content = try LocalFile(path: path, maximumBytes: 100, mode: mode).read(deadline: .soon)
    return content.map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  @Test(arguments: writable + (canGiveAway ? foreign : []))
  func refusesWhatOthersCouldHaveWritten(_ row: Spoiled) throws {
    let scratch = try tree()
    try row.spoil(scratch)
    let failure = try #require(throws: FileFailure.self) { try read(scratch.path("a/b/file")) }
    guard case .unsafe(let found) = failure else {
      Issue.record("\(failure)")
      return
    }
    #expect(found.contains(worded(row.refusal, for: scratch)), "\(found)")
  }

  @Test(arguments: [
    Spoiled("pipe", says: "BASE/a/b/file is a pipe, not a file") {
      unlink($0.path("a/b/file"))
      mkfifo($0.path("a/b/file"), 0o600)
    },
    Spoiled("device", says: "/dev/null is a device, not a file") {
      unlink($0.path("a/b/file"))
      try $0.link("a/b/file", to: "/dev/null")
    },
    Spoiled("directory", says: "BASE/a/b/file is a directory, not a file") {
      unlink($0.path("a/b/file"))
      try $0.directory("a/b/file")
    },
    Spoiled("file on the way", says: "BASE/a is a file, not a directory") {
      rename($0.path("a"), $0.path("was"))
      try $0.file("a")
    },
    Spoiled("dangling link", says: "BASE/a/b/file is a link that leads nowhere: there is no BASE/a/b/gone") {
      unlink($0.path("a/b/file"))
      try $0.link("a/b/file", to: "gone")
    },
    Spoiled("dangling directory", says: "BASE/a is a link that leads nowhere: there is no BASE/gone") {
      rename($0.path("a"), $0.path("was"))
      try $0.link("a", to: "gone")
    },
    Spoiled("circle of links", says: "BASE/a/b/file cannot be followed: Too many levels of symbolic links") {
      unlink($0.path("a/b/file"))
      try $0.link("a/b/file", to: "file")
    },
  ])
  func refusesWhatIsNotAFile(_ row: Spoiled) throws {
    let scratch = try tree()
    try row.spoil(scratch)
    let file = LocalFile(path: scratch.path("a/b/file"), maximumBytes: 100, mode: .private)
    let expected = FileFailure.system(found: worded(row.refusal, for: scratch))
    #expect(throws: expected) { try file.read(deadline: .soon) }
    #expect(throws: expected) { try file.update(deadline: .soon) { _ in [1] } }
  }

  @Test func passesThroughSharedDirectoriesAndOwnLinks() throws {
    let scratch = try tree()
    try scratch.mode("a", 0o1777)
    try scratch.link("short", to: "a/../a/./b/file")
    #expect(try read(scratch.path("short")) == "content")
  }

  @Test func letsOthersReadWhatIsNoSecret() throws {
    let scratch = try tree()
    try scratch.mode("a/b/file", 0o644)
    #expect(try read(scratch.path("a/b/file"), .readableByOthers) == "content")
    try scratch.mode("a/b/file", 0o664)
    #expect(throws: FileFailure.self) { try read(scratch.path("a/b/file"), .readableByOthers) }
  }

  @Test func quotesOddPathsInWhatToRun() throws {
    let scratch = try Scratch()
    try scratch.file("it's\na secret", mode: 0o644)
    let failure = #expect(throws: FileFailure.self) { try read(scratch.path("it's\na secret")) }
    guard case .unsafe(let found) = failure else { return }
    #expect(found.hasSuffix("Run: chmod 600 '\(scratch.base)/it'\\''s?a secret'"))
  }

  @Test func tellsAMissingFileFromAMissingDirectory() throws {
    let scratch = try Scratch()
    #expect(try read(scratch.path("none")) == nil)
    #expect(try read(scratch.path("none/at/all")) == nil)
  }
}
