import Foundation
import Testing

@testable import HostProcess

@Suite struct ErrorPumpTests {
  private let source = Pipe()
  private let sink = Pipe()

  /// Runs the pump on a thread that closes the sink when it has returned.
  private func start() {
    let (source, sink) = (source.fileHandleForReading, sink.fileHandleForWriting)
    Thread.detachNewThread {
      ErrorPump(source: source.fileDescriptor, sink: sink.fileDescriptor).run()
      try? sink.close()
    }
  }

  @Test func everythingPassesWhenSomebodyReads() throws {
    start()
    try source.fileHandleForWriting.write(contentsOf: Data("one\ntwo".utf8))
    try source.fileHandleForWriting.close()
    #expect(sink.fileHandleForReading.readDataToEndOfFile() == Data("one\ntwo".utf8))
  }

  @Test func theWriterIsNeverHeldAndTheReaderIsTold() throws {
    start()
    let line = Data((String(repeating: "x", count: 999) + "\n").utf8)
    for _ in 0..<2000 { try source.fileHandleForWriting.write(contentsOf: line) }
    try source.fileHandleForWriting.close()
    let received = sink.fileHandleForReading.readDataToEndOfFile()
    let text = String(decoding: received, as: UTF8.self)
    let report = try #require(text.split(separator: "\n").last)
    let match = try #require(report.wholeMatch(of: /onbehalf: (\d+) bytes of log dropped, nobody read them/))
    let dropped = try #require(Int(match.1))
    let passed = try #require(text.range(of: "onbehalf: ")).lowerBound
    let intact = text[..<passed].utf8.filter { $0 == UInt8(ascii: "x") || $0 == UInt8(ascii: "\n") }.count
    // A newline is added when the last line was cut.
    #expect((0...1).contains(intact + dropped - 2_000_000))
  }

  @Test func aReaderThatHasGoneHoldsNobody() throws {
    signal(SIGPIPE, SIG_IGN)
    try sink.fileHandleForReading.close()
    start()
    for _ in 0..<100 { try source.fileHandleForWriting.write(contentsOf: Data(count: 10_000)) }
    try source.fileHandleForWriting.close()
  }
}
