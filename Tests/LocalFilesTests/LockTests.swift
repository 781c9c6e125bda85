import Delegation
import Foundation
import Glibc
import LocalFiles
import Testing

@Suite struct LockTests {
  /// An independent writer that keeps the same rules, as a sidecar in another language would.
  private static let otherProcess = """
    import fcntl, os, sys
    path, rounds = sys.argv[1], int(sys.argv[2])
    for _ in range(rounds):
        with open(path + ".lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with open(path) as file:
                count = int(file.read())
            new = os.path.join(os.path.dirname(path), "." + os.path.basename(path) + ".new")
            with open(new, "x") as file:
                os.chmod(new, 0o600)
                file.write(str(count + 1))
            os.rename(new, path)
    """

  @Test func losesNoUpdateOfThreadsAndProcesses() async throws {
    let scratch = try Scratch()
    let path = try scratch.file("count", "0")
    let other = Process()
    other.executableURL = URL(filePath: "/usr/bin/env")
    other.arguments = ["python3", "-c", Self.otherProcess, path, "200"]
    try other.run()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let file = LocalFile(path: path, maximumBytes: 100, mode: .private)
          for _ in 0..<50 {
            try file.update(deadline: .soon) { bytes throws(FileFailure) in
              guard let count = Int(String(decoding: bytes ?? [], as: UTF8.self)) else { throw .refused }
              return Array(String(count + 1).utf8)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    other.waitUntilExit()
    #expect(other.terminationStatus == 0)
    #expect(try scratch.text("count") == "400")
  }

  @Test func waitsUntilTheDeadlineAndNoLonger() throws {
    let scratch = try Scratch()
    let file = LocalFile(path: try scratch.file("file", "old"), maximumBytes: 100, mode: .private)
    let lock = open(scratch.path("file.lock"), O_RDWR | O_CREAT, 0o600)
    defer { close(lock) }
    try #require(flock(lock, LOCK_EX) == 0)
    let start = ContinuousClock.now
    #expect(throws: FileFailure.lockTimedOut(path: scratch.path("file.lock"))) {
      try file.update(deadline: start + .milliseconds(80)) { _ in [1] }
    }
    let waited = start.duration(to: .now)
    #expect(waited >= .milliseconds(80) && waited < .seconds(5))
    #expect(try file.read(deadline: .soon)?.bytes == Array("old".utf8))
    try #require(flock(lock, LOCK_UN) == 0)
    try file.update(deadline: .soon) { _ in [1] }
    #expect(try file.read(deadline: .soon)?.bytes == [1])
  }
}
