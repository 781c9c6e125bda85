import Delegation
import Foundation
import Glibc
import LocalFiles
import Testing

@Suite struct ReplacementTests {
  private func write(_ text: String, to path: String, limit: Int = 100) throws(FileFailure) {
    let file = LocalFile(path: path, maximumBytes: limit, mode: .private)
    try file.update(deadline: .soon) { _ in Array(text.utf8) }
  }

  @Test func createsTheFileAndTheDirectoryThatHoldsIt() throws {
    let scratch = try Scratch()
    try write("one", to: scratch.path("onbehalf/config.json"))
    #expect(try scratch.text("onbehalf/config.json") == "one")
    #expect(try scratch.permissions("onbehalf") == 0o700)
    #expect(try scratch.permissions("onbehalf/config.json") == 0o600)
  }

  @Test func createsOneDirectoryOnly() throws {
    let scratch = try Scratch()
    let path = scratch.path("no/such/config.json")
    #expect(throws: FileFailure.system(found: "\(path) cannot be created: No such file or directory")) {
      try write("one", to: path)
    }
    #expect(try scratch.names() == [])
  }

  @Test func createsMoreDirectoriesWhereAsked() throws {
    let scratch = try Scratch()
    func file(_ path: String) -> LocalFile {
      LocalFile(path: scratch.path(path), maximumBytes: 100, mode: .private, createdDirectories: 2)
    }
    try file(".config/onbehalf/config.json").update(deadline: .soon) { _ in [1] }
    #expect(try scratch.permissions(".config") == 0o700)
    #expect(try scratch.permissions(".config/onbehalf") == 0o700)
    #expect(throws: FileFailure.self) {
      try file("home/.config/onbehalf/config.json").update(deadline: .soon) { _ in [1] }
    }
    #expect(try scratch.names() == [".config"])
  }

  @Test(arguments: [0, 0o077, 0o777] as [mode_t])
  func doesNotDependOnTheUmask(_ mask: mode_t) async throws {
    let scratch = try Scratch()
    await #expect(processExitsWith: .success) { [mask, base = scratch.base as String] in
      umask(mask)
      let file = LocalFile(path: "\(base)/new/file", maximumBytes: 100, mode: .private)
      try file.update(deadline: .soon) { _ in [1] }
      try file.update(deadline: .soon) { _ in [1, 2] }
    }
    #expect(try scratch.permissions("new") == 0o700)
    #expect(try scratch.permissions("new/file") == 0o600)
  }

  @Test func keepsWhatIsThereUnlessToldOtherwise() throws {
    let scratch = try Scratch()
    let file = LocalFile(path: try scratch.file("file", "old"), maximumBytes: 5, mode: .private)
    var seen: [UInt8]?
    try file.update(deadline: .soon) {
      seen = $0
      return nil
    }
    #expect(seen == Array("old".utf8))
    #expect(throws: FileFailure.refused) {
      try file.update(deadline: .soon) { _ throws(FileFailure) in throw .refused }
    }
    #expect(throws: FileFailure.tooLarge(limit: 5)) {
      try file.update(deadline: .soon) { _ in Array("longer".utf8) }
    }
    #expect(try scratch.text("file") == "old")
    #expect(try scratch.names() == ["file", "file.lock"])
  }

  @Test func doesNotReadOrReplaceWhatIsTooLarge() throws {
    let scratch = try Scratch()
    let file = LocalFile(path: try scratch.file("file", "too long"), maximumBytes: 7, mode: .private)
    #expect(throws: FileFailure.tooLarge(limit: 7)) { try file.read(deadline: .soon) }
    #expect(throws: FileFailure.tooLarge(limit: 7)) { try file.update(deadline: .soon) { _ in [1] } }
    #expect(try LocalFile(path: file.path, maximumBytes: 8, mode: .private).read(deadline: .soon)?.bytes.count == 8)
  }

  @Test func replacesWhatALinkLeadsToAndKeepsTheLink() throws {
    let scratch = try Scratch()
    try scratch.directory("real")
    try scratch.file("real/config", "old")
    try scratch.link("config", to: "real/config")
    try write("new", to: scratch.path("config"))
    #expect(try scratch.text("real/config") == "new")
    #expect(try scratch.permissions("config") == 0o777)
    #expect(try scratch.names() == ["config", "real"])
  }

  @Test(arguments: ["file.lock", ".file.new"])
  func doesNotWriteThroughPlantedLinks(_ planted: String) throws {
    let scratch = try Scratch()
    try scratch.file("victim", "untouched")
    try scratch.link(planted, to: "victim")
    try? write("new", to: scratch.path("file"))
    #expect(try scratch.text("victim") == "untouched")
  }

  @Test func removesWhatAKilledWriterLeft() throws {
    let scratch = try Scratch()
    try scratch.file("file", "old")
    try scratch.file(".file.new", "half of the ne")
    let file = LocalFile(path: scratch.path("file"), maximumBytes: 100, mode: .private)
    #expect(try file.read(deadline: .soon)?.bytes == Array("old".utf8))
    try write("new", to: file.path)
    #expect(try scratch.text("file") == "new")
    #expect(try scratch.names() == ["file", "file.lock"])
  }

  /// A process is killed while it writes as fast as it can: what stays is one of its contents, whole.
  @Test(arguments: 1...5)
  func leavesWholeContentWhenKilled(afterReplacements count: Int) async throws {
    let scratch = try Scratch()
    let file = LocalFile(path: scratch.path("file"), maximumBytes: 1 << 20, mode: .private)
    await #expect(processExitsWith: .signal(SIGKILL)) { [count, path = file.path as String] in
      let file = LocalFile(path: path, maximumBytes: 1 << 20, mode: .private)
      Thread.detachNewThread {
        var stamps: Set<FileStamp> = []
        while stamps.count < count * 3 { if let stamp = try? file.stamp() { stamps.insert(stamp) } }
        kill(getpid(), SIGKILL)
      }
      for round in 0... {
        try file.update(deadline: .soon) { _ in [UInt8](repeating: UInt8(round % 251), count: 1 << 20) }
      }
    }
    let bytes = try #require(try file.read(deadline: .soon)).bytes
    #expect(bytes.count == 1 << 20)
    #expect(Set(bytes).count == 1)
    try file.update(deadline: .soon) { _ in [7] }
    #expect(try scratch.names() == ["file", "file.lock"])
  }

  @Test func saysWhenThereIsNoSpace() async throws {
    let scratch = try Scratch()
    try scratch.file("file", "old")
    await #expect(processExitsWith: .success) { [path = scratch.path("file") as String] in
      // A limit on the size of files is met by the same write as a full disk.
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let file = LocalFile(path: path, maximumBytes: 1 << 20, mode: .private)
      #expect(throws: FileFailure.system(found: "\(path) cannot be written: File too large")) {
        try file.update(deadline: .soon) { _ in [UInt8](repeating: 1, count: 100_000) }
      }
    }
    #expect(try scratch.text("file") == "old")
    #expect(try scratch.names() == ["file", "file.lock"])
  }

  @Test func saysWhenTheDirectoryCannotBeWritten() async throws {
    let scratch = try Scratch()
    try scratch.file("file", "old", mode: 0o644)
    try scratch.mode("", 0o555)
    await #expect(processExitsWith: .success) { [path = scratch.path("file") as String] in
      if geteuid() == 0 { try #require(setuid(stranger) == 0) }
      let file = LocalFile(path: path, maximumBytes: 100, mode: .readableByOthers)
      #expect(try file.read(deadline: .soon)?.bytes == Array("old".utf8))
      #expect(throws: FileFailure.system(found: "\(path).lock cannot be opened: Permission denied")) {
        try file.update(deadline: .soon) { _ in [1] }
      }
    }
    #expect(try scratch.names() == ["file"])
  }

  @Test func changesItsStampWithEachReplacement() throws {
    let scratch = try Scratch()
    let file = LocalFile(path: scratch.path("file"), maximumBytes: 100, mode: .private)
    #expect(try file.stamp() == nil)
    try write("one", to: file.path)
    let first = try #require(try file.stamp())
    #expect(try file.read(deadline: .soon)?.stamp == first)
    #expect(try file.stamp() == first)
    try write("two", to: file.path)
    #expect(try file.stamp() != first)
  }
}
