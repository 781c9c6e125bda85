import Delegation
import Foundation
import Glibc
import OpenSSLKeys
import Testing

@testable import LocalFiles

@Suite struct AuditLogTests {
  @Test func aRowThatWasWrittenIsInTheFile() async throws {
    let audit = try AuditUnderTest()
    let log = audit.log()
    try await log.write(.sample(1), deadline: .soon)
    #expect(try await audit.rows().count == 1)
    #expect(try audit.scratch.permissions("state") == 0o700)
    #expect(try audit.scratch.permissions("state/audit-000001.jsonl") == 0o600)
    log.close(withinMilliseconds: 5000)
    #expect(try await audit.verdict().rows == 1)
  }

  @Test func nothingIsTouchedBeforeTheFirstRow() throws {
    let audit = try AuditUnderTest()
    audit.log().close(withinMilliseconds: 5000)
    #expect(try audit.scratch.names().isEmpty)
  }

  @Test func rowsThatNobodyWaitsForAreWrittenByTheEnd() async throws {
    let audit = try AuditUnderTest()
    let log = audit.log()
    for count in 1...1000 { log.add(.sample(count)) }
    log.close(withinMilliseconds: 20_000)
    #expect(try await audit.verdict().rows == 1000)
    await #expect(throws: FileFailure.self) { try await log.write(.sample(1), deadline: .soon) }
  }

  /// Each writer has its own descriptors, as a process has: flock(2) keeps them apart in the same way. All have as long
  /// as it takes: how fast a machine is, is not the question.
  @Test func manyWritersMakeOneChain() async throws {
    let audit = try AuditUnderTest(maximumFileBytes: 200_000, patience: .seconds(600))
    try await withThrowingTaskGroup { group in
      for _ in 1...8 {
        group.addTask {
          let log = audit.log()
          try await withThrowingTaskGroup { rows in
            for count in 1...2000 {
              if count % 2 == 0 { log.add(.sample(count)) }
              rows.addTask { if count % 2 == 1 { try await log.write(.sample(count), deadline: .now + .seconds(600)) } }
            }
            try await rows.waitForAll()
          }
          log.close(withinMilliseconds: 600_000)
        }
      }
      try await group.waitForAll()
    }
    let verdict = try await audit.verdict()
    #expect(verdict.problem == nil)
    let files = try await AuditFiles(path: audit.path).files()
    #expect(files.count > 5)
    #expect(verdict.rows == 16_000 + Int64(files.count - 1), "and a row at the beginning of each later file")
    #expect(audit.reports.isEmpty)
  }

  @Test func aFullFileIsFollowedByOneThatNamesIt() async throws {
    let audit = try AuditUnderTest(maximumFileBytes: 300)
    let log = audit.log()
    for count in 1...4 { try await log.write(.sample(count), deadline: .soon) }
    log.close(withinMilliseconds: 5000)
    let files = try await AuditFiles(path: audit.path).files()
    #expect(files.count > 1)
    let second = try audit.scratch.text("state/audit-000002.jsonl")
    #expect(second.contains(#""event":"rotated","file":"audit-000001.jsonl""#))
    #expect(try await audit.verdict().problem == nil)
  }

  @Test(
    arguments: [
      (#"{"seq":2,"time":"2026-"#, 1), ("\0\0\0\0", 1), ("no row\n", 1), ("no row\nnor this", 1), ("\n\n", 1),
      (String(repeating: "x", count: 300_000), 1),
    ]
  )
  func whatIsNoRowIsClosedByARowThatKnowsIt(torn: String, recovered: Int) async throws {
    let audit = try AuditUnderTest()
    let first = audit.log()
    try await first.write(.sample(1), deadline: .soon)
    first.close(withinMilliseconds: 5000)
    try audit.append(torn)
    let second = audit.log()
    try await second.write(.sample(2), deadline: .soon)
    second.close(withinMilliseconds: 5000)
    let verdict = try await audit.verdict()
    #expect(verdict.problem == nil)
    #expect(verdict.rows == 3)
    #expect(try await audit.rows().count { $0.contains(#""event":"recovered""#) } == recovered)
  }

  /// Only its line feed was missing: the row is one.
  @Test func aWholeRowWithoutItsEndIsKept() async throws {
    let audit = try AuditUnderTest()
    let log = audit.log()
    try await log.write(.sample(1), deadline: .soon)
    let path = audit.scratch.path("state/audit-000001.jsonl")
    let size = try audit.scratch.text("state/audit-000001.jsonl").utf8.count
    try #require(truncate(path, size - 1) == 0)
    try await log.write(.sample(2), deadline: .soon)
    log.close(withinMilliseconds: 5000)
    #expect(try await audit.verdict().rows == 2)
    #expect(try await audit.verdict().problem == nil)
  }

  /// A file whose first row was torn, or that was made and never written to.
  @Test(arguments: ["", "{\"seq\""]) func anUnfinishedNewFileGoesOn(content: String) async throws {
    let audit = try AuditUnderTest(maximumFileBytes: 100)
    let first = audit.log()
    try await first.write(.sample(1), deadline: .soon)
    first.close(withinMilliseconds: 5000)
    try audit.scratch.file("state/audit-000002.jsonl", content)
    let second = audit.log()
    try await second.write(.sample(2), deadline: .soon)
    second.close(withinMilliseconds: 5000)
    let verdict = try await audit.verdict()
    #expect(verdict.problem == nil)
    #expect(verdict.rows == (content.isEmpty ? 3 : 4))
  }

  @Test func aLockThatIsHeldRefusesInTime() async throws {
    let audit = try AuditUnderTest()
    let log = audit.log()
    try await log.write(.sample(1), deadline: .soon)
    let directory = try #require(try AuditDirectory(audit.path))
    let lock = try directory.lock(deadline: .soon)
    let begun = ContinuousClock.now
    await #expect(throws: FileFailure.lockTimedOut(path: "\(audit.path)/audit.lock")) {
      try await log.write(.sample(2), deadline: .now + .milliseconds(300))
    }
    #expect(ContinuousClock.now - begun < .milliseconds(300))
    log.add(.sample(3))
    lock.release()
    try await log.write(.sample(4), deadline: .soon)
    log.close(withinMilliseconds: 5000)
    let rows = try await audit.rows()
    #expect(rows.count == 3, "the row that was refused is not there, the one that nobody waited for is")
    #expect(try await audit.verdict().problem == nil)
  }

  /// At the end the lock is waited for as long as there is time, and then what is lost is told.
  @Test func theEndWaitsForTheLock() async throws {
    let audit = try AuditUnderTest()
    let log = audit.log()
    try await log.write(.sample(1), deadline: .soon)
    let lock = try #require(try AuditDirectory(audit.path)).lock(deadline: .soon)
    log.add(.sample(2))
    let begun = ContinuousClock.now
    log.close(withinMilliseconds: 1000)
    #expect(ContinuousClock.now - begun >= .milliseconds(900))
    lock.release()
    #expect(audit.reports == ["1 audit rows could not be written and are lost"])
    #expect(try await audit.rows().count == 1)
  }

  /// A row that waits longer than it may is refused, whatever the deadline of its call.
  @Test func patienceEndsBeforeALongDeadline() async throws {
    let audit = try AuditUnderTest(patience: .milliseconds(200))
    let log = audit.log()
    try await log.write(.sample(1), deadline: .soon)
    let lock = try #require(try AuditDirectory(audit.path)).lock(deadline: .soon)
    await #expect(throws: FileFailure.lockTimedOut(path: "\(audit.path)/audit.lock")) {
      try await log.write(.sample(2), deadline: .now + .seconds(3600))
    }
    lock.release()
    log.close(withinMilliseconds: 5000)
  }

  @Test func aDirectoryThatIsMovedAwayIsMadeAnew() async throws {
    let audit = try AuditUnderTest()
    let log = audit.log()
    try await log.write(.sample(1), deadline: .soon)
    try #require(rename(audit.path, audit.path + ".old") == 0)
    try await log.write(.sample(2), deadline: .soon)
    log.close(withinMilliseconds: 5000)
    #expect(try await audit.verdict().rows == 1)
  }

  @Test func whatCannotBeWrittenIsToldOnceAndWrittenLater() async throws {
    let audit = try AuditUnderTest()
    try audit.scratch.directory("state", mode: 0o770)
    let log = audit.log()
    for _ in 1...3 {
      await #expect(throws: FileFailure.self) { try await log.write(.sample(1), deadline: .soon) }
    }
    log.add(.sample(2))
    await #expect(throws: FileFailure.self) { try await log.write(.sample(3), deadline: .soon) }
    #expect(audit.reports.count == 1)
    try audit.scratch.mode("state", 0o700)
    try await log.write(.sample(4), deadline: .soon)
    log.close(withinMilliseconds: 5000)
    #expect(audit.reports.count == 2)
    let rows = try await audit.rows()
    #expect(rows.count == 2)
    #expect(rows[0].contains(#""count":2,"#) && rows[1].contains(#""count":4,"#))
  }

  @Test func whatThereIsNoRoomForIsCounted() async throws {
    let audit = try AuditUnderTest()
    try audit.scratch.directory("state", mode: 0o770)
    let log = audit.log()
    for _ in 1...3 {
      for count in 1...AuditLog.maximumWaiting { log.add(.sample(count)) }
      await #expect(throws: FileFailure.self) { try await log.write(.sample(1), deadline: .soon) }
    }
    try audit.scratch.mode("state", 0o700)
    try await log.write(.sample(7), deadline: .soon)
    log.close(withinMilliseconds: 20_000)
    let rows = try await audit.rows()
    #expect(rows.count == AuditLog.maximumWaiting + 2)
    #expect(rows[0].contains(#""event":"lost","count":\#(2 * AuditLog.maximumWaiting),"#))
    #expect(try await audit.verdict().problem == nil)
  }

  @Test func filesOfOthersAreNotWritten() async throws {
    let audit = try AuditUnderTest()
    try audit.scratch.directory("state", mode: 0o700)
    try audit.scratch.file("state/audit-000001.jsonl", "", mode: 0o622)
    let log = audit.log()
    await #expect(throws: FileFailure.self) { try await log.write(.sample(1), deadline: .soon) }
    log.close(withinMilliseconds: 5000)
    #expect(try audit.scratch.text("state/audit-000001.jsonl").isEmpty)
  }

  @Test func theHeadGoesToSyslog() async throws {
    let audit = try AuditUnderTest(maximumFileBytes: 300)
    let server = try DatagramServer(path: audit.place.syslog)
    let log = audit.log()
    for count in 1...3 { try await log.write(.sample(count), deadline: .soon) }
    log.close(withinMilliseconds: 5000)
    let records = server.received()
    #expect(records.count == 2)
    #expect(records.allSatisfy { $0.hasPrefix("<85>") && $0.contains(" onbehalf[\(getpid())]: audit head ") })
    #expect(records[0].hasSuffix("/state/audit-000001.jsonl (rotation)"))
    #expect(records[1].hasSuffix("(exit)"))
    for record in records {
      let words = record.split(separator: " ").map(String.init)
      let anchor = try #require(words.compactMap(AuditHead.init).first)
      #expect(try await audit.verdict(anchor: anchor).problem == nil)
      let other = AuditHead(sequence: anchor.sequence, hash: AuditHead.genesis.hash)
      #expect(try await audit.verdict(anchor: other).problem != nil)
    }
  }

  @Test func theHeadGoesToSyslogEveryHourWhenItIsNew() async throws {
    let audit = try AuditUnderTest()
    let server = try DatagramServer(path: audit.place.syslog)
    var ahead = Duration.zero
    let writer = audit.writer { .now + ahead }
    func work(_ rows: Int) {
      let rows = (0..<rows).map { PendingRow(row: .sample($0), giveUp: .now + .seconds(60), waiter: nil) }
      writer.work(rows, lost: 0, endBy: nil)
    }
    work(2)
    #expect(server.received().isEmpty)
    ahead = .seconds(3590)
    work(1)
    #expect(server.received().isEmpty)
    ahead = .seconds(3700)
    work(0)
    let head = try #require(try await audit.verdict().head)
    let records = server.received()
    #expect(records.count == 1)
    let place = quoted("\(audit.path)/audit-000001.jsonl")
    #expect(records.first?.hasSuffix("audit head \(head.text) of \(place) (hourly)") == true)
    ahead = .seconds(7400)
    work(0)
    #expect(server.received().isEmpty, "nothing has come since")
    ahead = .seconds(7500)
    work(1)
    #expect(server.received().isEmpty)
    ahead = .seconds(11_100)
    work(0)
    #expect(server.received().count == 1)
  }

  @Test func aSyslogThatIsFullHoldsNobodyUp() async throws {
    let audit = try AuditUnderTest(maximumFileBytes: 1)
    let server = try DatagramServer(path: audit.place.syslog)
    let log = audit.log()
    for count in 1...600 { try await log.write(.sample(count), deadline: .soon) }
    log.close(withinMilliseconds: 5000)
    #expect(try await audit.verdict().problem == nil)
    #expect(server.received().count < 600)
  }
}

/// A socket like /dev/log, which nobody reads until the end.
private final class DatagramServer {
  private let descriptor: Int32

  init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
  }

  deinit { close(descriptor) }

  func received() -> [String] {
    var records: [String] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return records }
      records.append(String(decoding: buffer.prefix(count), as: UTF8.self))
    }
  }
}
