import Foundation
import Testing

@testable import HostProcess

@Suite struct LogTests {
  /// What `use` logs, through a pipe that does not block.
  private func lines(_ level: Log.Level, _ use: (Log) -> Void) -> [String] {
    let pipe = Pipe()
    _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFL, O_NONBLOCK)
    use(Log(level: level, descriptor: pipe.fileHandleForWriting.fileDescriptor))
    try? pipe.fileHandleForWriting.close()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  @Test(arguments: [
    (Log.Level.error, ["error"]), (.warn, ["error", "warn"]), (.info, ["error", "warn", "info"]),
    (.debug, ["error", "warn", "info", "debug"]),
  ]) func levels(level: Log.Level, shown: [String]) {
    let lines = lines(level) { log in
      log.error("m")
      log.warn("m")
      log.info("m")
      log.debug("m")
    }
    #expect(lines.map { String($0.split(separator: " ")[1]) } == shown)
  }

  @Test func aRecordIsOneLineWithTheTime() throws {
    let line = try #require(lines(.info) { $0.info("hello") }.first)
    #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info hello/) != nil)
  }

  @Test(arguments: [
    (timespec(tv_sec: 0, tv_nsec: 0), "1970-01-01T00:00:00.000Z"),
    (timespec(tv_sec: 1_709_210_096, tv_nsec: 7_999_999), "2024-02-29T12:34:56.007Z"),
  ]) func times(time: timespec, text: String) {
    #expect(Timestamp(time).description == text)
  }

  @Test func nothingBeginsALineOfItsOwn() {
    let lines = lines(.info) { $0.info("a\r\nb\u{1B}[31m\u{0}\u{85}\u{2028}\u{202E}é") }
    #expect(lines.count == 1)
    #expect(lines[0].hasSuffix(#" info a\u{d}\u{a}b\u{1b}[31m\u{0}\u{85}\u{2028}\u{202e}é"#))
  }

  @Test(arguments: ["x", "é", "\n", "𝄞"]) func aRecordIsBounded(_ character: String) {
    let message = String(repeating: character, count: 100_000)
    let lines = lines(.info) { $0.info(message) }
    #expect(lines.count == 1)
    #expect(lines[0].utf8.count < Log.maximumBytes)
    #expect(lines[0].hasSuffix("… (\(message.utf8.count) bytes)"))
  }

  @Test func whatFindsNoPlaceIsCounted() {
    let pipe = Pipe()
    for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
      _ = fcntl(end.fileDescriptor, F_SETFL, O_NONBLOCK)
    }
    let log = Log(level: .info, descriptor: pipe.fileHandleForWriting.fileDescriptor)
    for _ in 0..<1000 { log.info(String(repeating: "x", count: 1000)) }
    let taken = available(pipe)
    log.info("after")
    log.info("then")
    let (areWhole, after) = (taken.allSatisfy { $0.hasSuffix("xxx") }, available(pipe))
    #expect(areWhole && taken.count < 1000)
    #expect(after.count == 2)
    #expect(after.first?.hasSuffix("info (\(1000 - taken.count) records dropped before) after") == true)
    #expect(after.last?.hasSuffix("info then") == true)
  }

  /// The lines that are in the pipe now.
  private func available(_ pipe: Pipe) -> [Substring] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(pipe.fileHandleForReading.fileDescriptor, &chunk, chunk.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self).split(separator: "\n") }
      bytes += chunk.prefix(count)
    }
  }
}
